import { MockAgent } from 'undici'
import type { Grafana } from '../grafana.ts'
import { openGrafana } from '../open-grafana.ts'

/** A Grafana that answers as a test says: what a stand-in cannot. @param answers by path, with its query */
export function scripted(answers: (path: string) => { readonly status?: number; readonly body: string }): Grafana {
  const mock = new MockAgent()
  mock.disableNetConnect()
  mock
    .get('https://grafana.example.com')
    .intercept({ path: () => true })
    .reply(({ path }) => {
      const { status = 200, body } = answers(path)
      const headers: Record<string, string> = status === 429 ? { 'retry-after': '7' } : {}
      return { statusCode: status, data: body, responseOptions: { headers } }
    })
    .persist()
  return openGrafana('https://grafana.example.com', {
    dispatcher: mock,
    auth: { username: 'ada', password: 'word' },
    userAgent: 'test',
    now: () => 0,
  })
}
