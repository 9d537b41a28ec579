/** A request as pages see it, whoever listens. */
export interface PageRequest {
  readonly method: string
  /** Begins with a slash. */
  readonly path: string
  readonly query: URLSearchParams
  /** Every value of a header, by its name in lower case. */
  readonly headers: Readonly<Record<string, readonly string[] | undefined>>
  /** Of the other end of the connection: no header says otherwise. */
  readonly remoteAddress: string
  /** Fields of a form that was sent. @throws PageError for one that is too large */
  form(): Promise<URLSearchParams>
}

export interface PageResponse {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

/** The only value of a header; undefined where there is none, or several. */
export function header({ headers }: Pick<PageRequest, 'headers'>, name: string): string | undefined {
  const [value, another] = headers[name] ?? []
  return another === undefined ? value : undefined
}
