/** A request, whatever it came by. */
export interface HttpRequest {
  readonly method: string
  /** Path and query, as they were sent. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: AsyncIterable<Uint8Array>
  /** Address of who asks; undefined where that is not known. */
  readonly peer: string | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: AsyncIterable<Uint8Array> | Uint8Array
}

/** An answer in words, for people who look with a browser, and for git, which shows some of them. */
export function inWords(status: number, text: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
    body: Buffer.from(`${text}\n`),
  }
}
