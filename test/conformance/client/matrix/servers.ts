import type { Rule } from '../scripted-server.ts'
import {
  alwaysOk,
  bareAdvertisement,
  fewFilters,
  filterOf,
  firstOf,
  firstReportOnly,
  noFilters,
  noThinPacks,
  notAtomic,
  onlyWants,
  wantsOf,
} from '../quirk-rules.ts'
import type { Format } from './seed.ts'

type Git = (...args: string[]) => Promise<string>

/** A server of the matrix, one column. */
export interface ServerKind {
  /** Head of the column. */
  readonly name: string
  /** What is particular about it, for readers of the page. */
  readonly about: string
  readonly reach: 'http' | 'ssh' | 'gitea'
  /** Default sha1. */
  readonly format?: Format
  /** Of git, beyond its own defaults. */
  readonly config?: Readonly<Record<string, string>>
  /** The newest version of the protocol that it speaks; default 2. */
  readonly version?: 0 | 1
  /** What it does otherwise than git; `git` runs git in its repository. */
  readonly rule?: (git: Git) => Rule
}

const CONFIGURED = { 'uploadpack.allowFilter': 'true', 'receive.advertisePushOptions': 'true' }

const onlyTips =
  (git: Git): Rule =>
  async (asked) =>
    wantsOf(asked).length === 0 ? undefined : onlyWants(new Set((await git('show-ref', '--hash')).split('\n')))(asked)

/** A wanted commit is sent under any filter, a wanted tree is counted as the first level. */
const levelsFromOne =
  (git: Git): Rule =>
  async (asked, forward) => {
    const filter = filterOf(asked)
    const [want = ''] = wantsOf(asked)
    if (filter?.startsWith('tree:') !== true) return fewFilters(asked)
    const type = await git('cat-file', '-t', want).catch(() => '')
    if (type !== 'tree') return type === 'blob' ? fewFilters(asked) : undefined
    if (filter !== 'tree:1') return fewFilters(asked)
    const counted = asked.body.toString('latin1').replace('filter tree:1', 'filter tree:0')
    return { body: await forward(Buffer.from(counted, 'latin1')) }
  }

export const SERVERS: readonly ServerKind[] = [
  {
    name: 'git',
    about: '`git http-backend` with filters and push options allowed, as hosts have it',
    reach: 'http',
    config: { ...CONFIGURED, 'uploadpack.advertiseObjectInfo': 'true' },
  },
  {
    name: 'git defaults',
    about: '`git http-backend` with nothing but pushes allowed: a filter is answered with 200 and an empty body',
    reach: 'http',
  },
  {
    name: 'SHA-256',
    about: 'the first, with a SHA-256 repository',
    reach: 'http',
    format: 'sha256',
    config: CONFIGURED,
  },
  { name: 'SSH', about: 'OpenSSH and git', reach: 'ssh', config: CONFIGURED },
  { name: 'Gitea', about: 'a Gitea of its own', reach: 'gitea' },
  { name: 'v0', about: 'git that speaks protocol version 0 only', reach: 'http', version: 0, config: CONFIGURED },
  { name: 'v1', about: 'git that speaks protocol version 1', reach: 'http', version: 1, config: CONFIGURED },
  {
    name: 'no filters',
    about: 'every filter is refused with an `ERR` packet',
    reach: 'http',
    config: CONFIGURED,
    rule: () => noFilters,
  },
  {
    name: 'few filters',
    about:
      '`combine` is refused; `tree:0` sends no trees and files, not even wanted ones, and `tree:1` of a tree is that tree',
    reach: 'http',
    config: CONFIGURED,
    rule: levelsFromOne,
  },
  {
    name: 'tips only',
    about: 'wants of objects that no ref points to are refused',
    reach: 'http',
    config: CONFIGURED,
    rule: onlyTips,
  },
  {
    name: 'bare',
    about: 'no `unborn`, `object-format` and `agent`; `unborn` is an error; nothing is said about pushes',
    reach: 'http',
    config: CONFIGURED,
    rule: () => bareAdvertisement,
  },
  {
    name: 'strict',
    about: 'the three before in one',
    reach: 'http',
    config: CONFIGURED,
    rule: (git) => firstOf(onlyTips(git), levelsFromOne(git), bareAdvertisement),
  },
  {
    name: 'no thin',
    about: 'packs with deltas against objects that the server has are refused',
    reach: 'http',
    config: CONFIGURED,
    rule: () => noThinPacks,
  },
  {
    name: 'v1 report',
    about: 'only `report-status` is known; who asks for `report-status-v2` alone gets no answer to a push',
    reach: 'http',
    config: CONFIGURED,
    rule: () => firstReportOnly,
  },
  {
    name: 'no atomic',
    about: '`atomic` is offered and not kept: each ref goes its own way',
    reach: 'http',
    config: CONFIGURED,
    rule: () => notAtomic,
  },
  {
    name: 'says ok',
    about: 'protocol version 0, not git by its own account; every push is answered with ok, whatever became of it',
    reach: 'http',
    version: 0,
    config: CONFIGURED,
    rule: () => alwaysOk,
  },
]
