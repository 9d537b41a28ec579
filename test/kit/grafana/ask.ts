export type Role = 'Viewer' | 'Editor' | 'Admin'

/** Of a service account. */
export interface Token {
  readonly token: string
}

/** Of a person. */
export interface Login {
  readonly name: string
  readonly password: string
}

export type Credentials = Token | Login

interface Question {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  /** Null: nobody. */
  readonly as: Credentials | null
}

export interface Answer {
  readonly status: number
  /** Parsed, but for YAML; null when there is none. */
  readonly body: any
}

const authorization = (as: Credentials): string =>
  'token' in as ? `Bearer ${as.token}` : `Basic ${Buffer.from(`${as.name}:${as.password}`).toString('base64')}`

/** Asks Grafana's HTTP API, whatever it answers. */
async function ask(url: string, { method, path, body, as }: Question): Promise<Answer> {
  const answer = await fetch(url + path, {
    method,
    headers: {
      accept: 'application/json',
      'content-type': 'application/json',
      ...(as === null ? {} : { authorization: authorization(as) }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  const isText = answer.headers.get('content-type')?.includes('yaml') === true
  return { status: answer.status, body: text === '' ? null : isText ? text : (JSON.parse(text) as unknown) }
}

export interface Calls {
  /** Asks the API, as the administrator unless told otherwise; `path` starts with `/api`. */
  ask(method: string, path: string, body?: unknown, as?: Credentials | null): Promise<Answer>
  /** The same, for what has to succeed: gives the body. Throws with the answer. */
  api(method: string, path: string, body?: unknown, as?: Credentials): Promise<any>
}

export const callsOf = (url: string, administrator: Credentials): Calls => ({
  ask: (method, path, body, as = administrator) => ask(url, { method, path, body, as }),
  async api(method, path, body, as = administrator) {
    const answer = await ask(url, { method, path, body, as })
    if (answer.status < 300) return answer.body
    throw new Error(`Grafana answers ${answer.status} to ${method} ${path}: ${JSON.stringify(answer.body)}`)
  },
})
