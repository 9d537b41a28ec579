import { openRepository } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { commitMessages } from './commit-messages.ts'
import type { MessagesOf } from './commit-messages.ts'
import { useWorlds } from './testing/worlds.ts'

const worlds = useWorlds()

async function lists(url: string, of: Omit<MessagesOf, 'folder'>): Promise<string[][]> {
  const found: string[][] = []
  for (const list of await commitMessages(openRepository(url), { ...of, folder: 'shop' })) {
    const messages: string[] = []
    for await (const message of list) messages.push(message.trim())
    found.push(messages)
  }
  return found
}

test('with a branch for each author what each proposes is there, and what the base has is not twice', async () => {
  const { repository } = await worlds.create()
  const commit = (message: string, branch: string, parent?: string): Promise<string> =>
    repository.commitFiles(
      { 'shop/a': message },
      { message, branch, ...(parent === undefined ? {} : { parents: [parent] }) },
    )
  const old = await commit('one', 'main')
  await commit('two', 'main')
  await commit('by ada', 'review/ada', old)
  await commit('by ada again', 'review/ada')
  await commit('by ben', 'review/ben', old)
  await commit('a person', 'review-of/ben', old)
  const all = await lists(repository.url, { branches: ['review/{author}', 'main'], authorBranches: 'review/{author}' })
  expect(all).toEqual([['by ada again', 'by ada'], ['by ben'], ['two', 'one']])
  expect(await lists(repository.url, { branches: ['nowhere', 'main'] })).toEqual([['two', 'one']])
})
