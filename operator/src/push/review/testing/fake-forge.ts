import type { TestRepository } from '../../../../../test/kit/remote/index.ts'
import { ForgeError } from '../../../forge/forge-error.ts'
import type { Forge, PullRequest } from '../../../forge/forge.ts'

interface Kept extends PullRequest {
  readonly head: string
  readonly base: string
  labels: string[]
  reviewers: string[]
}

export interface FakeForge extends Forge {
  /** Oldest first. */
  readonly requests: readonly Readonly<Kept>[]
  /** Names of the calls so far. */
  readonly calls: string[]
  /** The next so many calls are done, and their answers lost. */
  loseAnswers(count: number): void
  /** The next so many calls are refused. */
  refuse(count: number): void
  /** Somebody closes the newest request while the next such call is made. */
  closeAt(call: string): void
  /** What people do. @param head default that of the newest request */
  merge(how: 'merge' | 'squash', head?: string): Promise<boolean>
  close(head?: string): void
  edit(changes: Partial<PullRequest>): void
}

/** A host's requests in memory, on a real repository. */
export function fakeForge(repository: TestRepository): FakeForge {
  const requests: Kept[] = []
  const calls: string[] = []
  let lost = 0
  let refused = 0
  let closing: string | undefined
  const call = async <T>(name: string, run: () => T): Promise<T> => {
    calls.push(name)
    if (closing === name) {
      closing = undefined
      close()
    }
    if (refused > 0) {
      refused--
      throw new ForgeError('ServerError', `${name}: 502`)
    }
    const answer = run()
    if (lost === 0) return await answer
    lost--
    throw new ForgeError('Network', `${name}: socket hang up`)
  }
  const at = (number: number): Kept => {
    const found = requests[number - 1]
    if (found === undefined) throw new ForgeError('NotFound', `request ${number}`)
    return found
  }
  const put = (number: number, changes: Partial<Kept>): Kept => (requests[number - 1] = { ...at(number), ...changes })
  const newestOpen = (head?: string): Kept | undefined =>
    requests.findLast((request) => request.state === 'Open' && (head === undefined || request.head === head))
  const close = (head?: string): void => {
    const open = newestOpen(head)
    if (open !== undefined) put(open.number, { state: 'Closed' })
  }

  return {
    requests,
    calls,
    closeAt: (call) => void (closing = call),
    loseAnswers: (count) => void (lost = count),
    refuse: (count) => void (refused = count),
    read: (number) => call('read', () => at(number)),
    find: ({ head, base }) =>
      call('find', () => {
        const all = requests.filter((each) => each.head === head && each.base === base)
        return all.findLast(({ state }) => state === 'Open') ?? all.at(-1)
      }),
    create: ({ head, base, title, body, isDraft }) =>
      call('create', () => {
        const isThere = requests.some((each) => each.head === head && each.base === base && each.state === 'Open')
        if (isThere) throw new ForgeError('Exists', 'there is one')
        const number = requests.length + 1
        const url = `https://host/pulls/${number}`
        requests.push({ number, url, state: 'Open', title, body, isDraft, head, base, labels: [], reviewers: [] })
        return at(number)
      }),
    update: ({ number }, { title, body, close }) =>
      call('update', () =>
        put(number, {
          ...(title === undefined ? {} : { title }),
          ...(body === undefined ? {} : { body }),
          ...(close === true ? { state: 'Closed' as const } : {}),
        }),
      ),
    label: (number, { add, remove }) =>
      call('label', () => {
        const labels = [...new Set([...at(number).labels, ...add])].filter((label) => !remove.includes(label))
        put(number, { labels })
      }),
    requestReview: (number, reviewers) =>
      call('requestReview', () => void put(number, { reviewers: [...at(number).reviewers, ...reviewers] })),
    async merge(how, of) {
      const open = newestOpen(of)
      if (open === undefined) return false
      const { head, base } = open
      if ((await repository.resolve(head)) === null) return false
      const tree = await repository.git('merge-tree', '--write-tree', base, head).catch(() => undefined)
      if (tree === undefined) return false
      const parents = how === 'merge' ? ['-p', base, '-p', head] : ['-p', base]
      const who = ['-c', 'user.name=Reviewer', '-c', 'user.email=reviewer@example.com']
      const commit = await repository.git(...who, 'commit-tree', tree, ...parents, '-m', `Merge ${head}`)
      await repository.git('update-ref', `refs/heads/${base}`, commit)
      put(open.number, { state: 'Merged' })
      return true
    },
    close,
    edit(changes) {
      const open = newestOpen()
      if (open !== undefined) put(open.number, changes as Partial<Kept>)
    },
  }
}
