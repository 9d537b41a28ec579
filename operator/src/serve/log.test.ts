import { expect, test } from 'vitest'
import { createLogger, gitsyncRef } from './log.ts'

const CANARY = 'ghp_c4n4ryc4n4ryc4n4ry'

function logged(work: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = ''
  work(createLogger('trace', { write: (line) => void (text += line) }))
  return text
}

test.each([
  ['the user of a URL', `cannot read https://${CANARY}@git.example.com/a.git`],
  ['the password of a URL', `cannot read https://bot:${CANARY}@git.example.com/a.git`],
  ['a header', `sent Authorization: Basic ${CANARY}`],
  ['a header of another scheme', `sent authorization: bearer ${CANARY}`],
])('%s is blotted out in messages, fields, nested fields and errors', (_, text) => {
  const lines = logged((logger) => {
    logger.info(text)
    logger.warn({ error: text }, 'failed')
    logger.error({ nested: { list: [text] } }, 'failed')
    logger.error({ err: new Error(text, { cause: new Error(text) }) }, 'failed')
    logger.debug({ [text]: 1 }, 'a key')
  })
  expect(lines).not.toContain(CANARY)
  expect(
    lines
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object),
  ).toHaveLength(5)
})

test('what is no login stays as it is', () => {
  const text = 'user@example.com pushed to https://git.example.com/team@home/a.git, basic idea'
  expect(logged((logger) => logger.info(text))).toContain(text)
})

test('a GitSync is told by namespace and name', () => {
  expect(gitsyncRef('shop/sync')).toEqual({ namespace: 'shop', name: 'sync' })
})
