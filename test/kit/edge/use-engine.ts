import type * as Protocol from '@gitsync/protocol'

/** What one visit found. */
export interface Visit {
  readonly refs: readonly string[]
  readonly before: string
  readonly after: string
  readonly status: string
  readonly paths: readonly string[]
  /** Code of the error for what needs Node. */
  readonly refused: string
  /** Which of Node's own globals there are. */
  readonly node: readonly string[]
}

/**
 * Reads, edits and pushes with whatever engine it is given. Complete in itself: its text is what runs in a worker, in a
 * browser as well.
 */
export async function useEngine(engine: typeof Protocol, url: string): Promise<Visit> {
  const repo = engine.openRepository(url)
  const refs = await repo.refs()
  const before = await repo.file('main', 'greeting.txt')
  const edit = await repo.edit('main')
  edit.put('from/worker.txt', `${before.bytes.toString('utf8')}zurück\n`)
  edit.put('from/large.bin', new Uint8Array(300_000).fill(7))
  await edit.commit({
    message: 'From a worker',
    author: { name: 'Wörker', email: 'worker@example.com', date: new Date('2026-01-02T03:04:05Z') },
  })
  const outcome = await edit.push()
  const after = await repo.file('main', 'from/worker.txt')
  const listed = await repo.tree('main', { recursive: true })
  const refused = await repo.checkout('main', 'folder').then(
    () => 'nothing',
    (error: unknown) => (engine.isGitError(error) ? error.code : String(error)),
  )
  return {
    refs: refs.map(({ name }) => name),
    before: before.bytes.toString('utf8'),
    after: after.bytes.toString('utf8'),
    status: outcome.status,
    paths: listed.map(({ path }) => path),
    refused,
    node: ['process', 'Buffer', 'require', 'setImmediate'].filter((name) => name in globalThis),
  }
}
