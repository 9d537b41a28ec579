import { memoryStore } from '@gitsync/protocol/server'
import type { RepositoryStore } from '@gitsync/protocol/server'
import { expect, test } from 'vitest'
import { startStand } from './fixture.ts'

test('where the first push ends between its pack and its refs, there is no repository', async () => {
  const store: RepositoryStore = {
    ...memoryStore(),
    keep: () => Promise.reject(new Error('the disk is full')),
  }
  const stand = await startStand('memory', { store })
  try {
    const tree = await stand.tree('src')
    await expect(stand.git(tree, 'push', `${stand.url}/me/full.git`, 'main')).rejects.toThrow('internal error')
    expect(stand.errors.map(String)).toEqual(['Error: the disk is full'])
    await expect(stand.git('.', 'ls-remote', `${stand.url}/me/full.git`)).rejects.toThrow('not found')
  } finally {
    await stand.stop()
  }
})

test('of two first pushes at once one makes the repository; the other is told, and comes again', async () => {
  const memory = memoryStore()
  let kept = 0
  const both = Promise.withResolvers<void>()
  const store: RepositoryStore = {
    ...memory,
    async keep(...args) {
      if (++kept === 2) both.resolve()
      if (kept <= 2) await both.promise
      await memory.keep(...args)
    },
  }
  const stand = await startStand('memory', { store })
  try {
    const url = `${stand.url}/me/both.git`
    const trees = [await stand.tree('a', { a: '1' }), await stand.tree('b', { b: '1' })]
    const push = (tree: string): Promise<string> => stand.git(tree, 'push', url, `main:refs/heads/${tree}`)
    const ended = await Promise.allSettled(trees.map(push))
    const loser = trees.find((_, i) => ended[i]?.status === 'rejected') ?? ''
    const why = ended.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    expect(why).toEqual([expect.stringContaining('the repository is another one now: push again')])
    await push(loser)
    await stand.git('.', 'clone', '-q', '--mirror', url, 'copy')
    expect((await stand.git('copy', 'for-each-ref', '--format=%(refname)')).split('\n')).toEqual([
      'refs/heads/a',
      'refs/heads/b',
    ])
    expect(await stand.git('copy', 'fsck', '--strict')).not.toMatch(/error|missing/)
  } finally {
    await stand.stop()
  }
})
