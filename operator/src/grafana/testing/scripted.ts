import { MockAgent } from 'undici'
import type { ApiConnection } from '../../forge/api-client.ts'
import type { Grafana } from '../grafana.ts'
import { openGrafana } from '../open-grafana.ts'

type Answers = (path: string) => { readonly status?: number; readonly body: string }

export const SCRIPTED_URL = 'https://grafana.example.com'

/** Leads to a Grafana that answers as a test says: what a stand-in cannot. @param answers by path, with its query */
export function scriptedConnection(answers: Answers): ApiConnection {
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock
    .get(SCRIPTED_URL)
    .intercept({ path: () => true })
    .reply(({ path }) => {
      const { status = 200, body } = answers(path)
      const headers: Record<string, string> = status === 429 ? { 'retry-after': '7' } : {}
      return { statusCode: status, data: body, responseOptions: { headers } }
    })
    .persist()
  return { dispatcher: mock, auth: { username: 'ada', password: 'word' }, userAgent: 'test', now: () => 0 }
}

export const scripted = (answers: Answers): Grafana => openGrafana(SCRIPTED_URL, scriptedConnection(answers))
