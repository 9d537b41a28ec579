import { afterAll, beforeAll } from 'vitest'
import { startRemote } from '../kit/remote/index.ts'
import type { Remote, TestRepository } from '../kit/remote/index.ts'

export const COMMITS = 100_000
export const TENANTS = 200
/** Seconds since 1970, of the first commit; a minute between two. */
export const START = 1_700_000_000
/** Milliseconds for making the branch, also on a machine that is busy. */
const TIMEOUT = 600_000

/** There from the first test on. */
export interface LongBranch {
  readonly remote: Remote
  readonly store: TestRepository
}

/** Called once, outside the tests: makes a repository whose branch `main` is a long one. */
export function useLongBranch(): LongBranch {
  let remote: Remote
  let store: TestRepository
  beforeAll(async () => {
    remote = await startRemote()
    store = await remote.createRepository('audit.git')
    await writeLongBranch(store)
  }, TIMEOUT)
  afterAll(() => remote?.stop())
  return {
    get remote() {
      return remote
    },
    get store() {
      return store
    },
  }
}

/** Writes a branch in which tenants take turns. The last of them has changed something once, and never again. */
async function writeLongBranch(store: TestRepository): Promise<void> {
  const lines: string[] = []
  for (let index = 0; index < COMMITS; index++) {
    const tenant = index === 0 ? TENANTS - 1 : index % (TENANTS - 1)
    const message = `Update ConfigMap tenant-${tenant}/settings\n`
    const who = `Person ${index % 37} <person${index % 37}@example.com> ${START + index * 60} +0000`
    const content = `data: {value: "${index}"}\n`
    const path = `clusters/prod/tenant-${tenant}/configmap/settings-${index % 25}.yaml`
    lines.push('commit refs/heads/main', `author ${who}`, `committer ${who}`)
    lines.push(`data ${Buffer.byteLength(message)}`, message, `M 100644 inline ${path}`)
    lines.push(`data ${Buffer.byteLength(content)}`, content)
  }
  await store.gitWith(
    { input: `${lines.join('\n')}\n`, timeout: TIMEOUT },
    'fast-import',
    '--quiet',
    '--date-format=raw',
  )
  await store.gitWith({ timeout: TIMEOUT }, 'repack', '-adq')
}
