import { MockAgent } from 'undici'
import { expect, test } from 'vitest'
import { pullRequestStatusSchema } from '../api/push.ts'
import { openForge } from './open-forge.ts'
import { placeOf } from './place.ts'

/** What is read of a request of which a host says this, in each dialect. */
async function read(type: string, said: object) {
  const agent = new MockAgent()
  agent.disableNetConnect()
  agent
    .get('https://git.example.com')
    .intercept({ path: () => true })
    .reply(200, said)
  const connection = { dispatcher: agent, auth: undefined, userAgent: 'test', now: () => 0 }
  return openForge(placeOf('https://git.example.com/team/audit.git', type), connection).read(7)
}
const REPO = { repo: { id: 1 }, repo_id: 1, ref: 'main' }
const said = (number: number, url: string, title: string) => ({
  number,
  iid: number,
  html_url: url,
  web_url: url,
  title,
  state: 'open',
  head: REPO,
  base: REPO,
})

test.each(['GitHub', 'GitLab', 'Gitea'])('what %s says of a request fits into the status', async (type) => {
  const { number, url, title } = await read(type, said(7, `https://git.example.com/\u001b[2J\n7`, 'x'.repeat(100_000)))
  expect(pullRequestStatusSchema.safeParse({ number, url, title, state: 'Open', branch: 'b' })).toMatchObject({
    success: true,
  })
  expect(url).not.toMatch(/\p{Cc}/u)
  for (const page of ['javascript:alert(1)', 'x', `https://git.example.com/${'x'.repeat(5_000)}`])
    expect(await read(type, said(7, page, 't'))).toMatchObject({ url: '' })
  await expect(read(type, said(2 ** 40, '', 't'))).rejects.toMatchObject({ code: 'Malformed' })
})
