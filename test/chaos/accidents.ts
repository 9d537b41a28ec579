import type { RequestInfo } from '../kit/apiserver/index.ts'
import { NAMESPACES } from './tenants.ts'
import type { Accident, Run } from './run.ts'

/** Runs `action` after about a quarter of the edits. */
const often =
  (action: (run: Run) => void) =>
  (run: Run): void => {
    if (run.random.next() < 0.25) action(run)
  }

const isWatched = ({ verb, resource }: RequestInfo): boolean =>
  (verb === 'list' || verb === 'watch') && (resource === 'configmaps' || resource === 'deployments')

/** What an API server, or the network to it, does to those who watch it. */
export const API_ACCIDENTS: readonly Accident[] = [
  { name: 'watches are dropped', tick: often(({ rig }) => rig.api.faults.dropWatches()) },
  {
    name: 'watches stall',
    begin: ({ rig }) => rig.api.faults.stallWatches(),
    end: ({ rig }) => rig.api.faults.releaseWatches(),
  },
  {
    name: 'watches stall and their history is lost',
    begin: ({ rig }) => rig.api.faults.stallWatches(),
    end({ rig }) {
      rig.api.faults.expireHistory()
      rig.api.faults.dropWatches()
      rig.api.faults.releaseWatches()
    },
  },
  ...(['event', 'status'] as const).map((as) => ({
    name: `history is lost (410 as ${as})`,
    tick: often(({ rig }) => {
      rig.api.faults.expireHistory(as)
      rig.api.faults.dropWatches()
    }),
  })),
  {
    name: 'too many requests (429)',
    tick: often(({ rig }) => {
      rig.api.faults.throttle(2)
      rig.api.faults.dropWatches()
    }),
  },
  {
    name: 'server errors',
    tick: often(({ rig, random }) => {
      rig.api.faults.fail(3, { code: random.pick([500, 502, 503, 504]) })
      rig.api.faults.dropWatches()
    }),
  },
  { name: 'connections are cut', tick: often(({ rig }) => rig.api.faults.reset(2)) },
  {
    name: 'events come twice',
    begin: ({ rig }) => rig.api.faults.duplicateEvents(true),
    tick: often(({ rig }) => rig.api.faults.dropWatches()),
    end: ({ rig }) => rig.api.faults.duplicateEvents(false),
  },
  {
    name: 'lists are slow',
    begin({ rig }) {
      rig.api.faults.slowLists(() => new Promise((resolve) => setTimeout(resolve, 300)))
    },
    tick: often(({ rig }) => {
      rig.api.faults.expireHistory()
      rig.api.faults.dropWatches()
    }),
    end: ({ rig }) => rig.api.faults.clear(),
  },
  {
    name: 'streaming lists are refused',
    begin: ({ rig }) => rig.api.faults.refuseStreamingLists(true),
    tick: often(({ rig }) => {
      rig.api.faults.expireHistory()
      rig.api.faults.dropWatches()
    }),
    end: ({ rig }) => rig.api.faults.refuseStreamingLists(false),
  },
  { name: 'writes conflict (409)', tick: often(({ rig }) => rig.api.faults.conflict(2)) },
  {
    name: 'permission is lost for a while',
    // Who is refused asks again only every half minute.
    slow: true,
    begin({ rig }) {
      rig.api.faults.forbid(isWatched)
      rig.api.faults.dropWatches()
    },
    end: ({ rig }) => rig.api.faults.clear(),
  },
  {
    name: 'lists say that there is nothing',
    begin({ rig }) {
      rig.api.faults.emptyLists(isWatched)
      rig.api.faults.refuseStreamingLists(true)
    },
    tick: often(({ rig }) => {
      rig.api.faults.expireHistory()
      rig.api.faults.dropWatches()
    }),
    end({ rig }) {
      rig.api.faults.clear()
      rig.api.faults.expireHistory()
      rig.api.faults.dropWatches()
    },
  },
]

/** What a Git host, or the network to it, does to those who push. */
export const REMOTE_ACCIDENTS: readonly Accident[] = [
  {
    name: 'the Git host is slow',
    begin: ({ rig }) => void rig.remote.faults.delay(200, { times: Infinity }),
    end: ({ rig }) => rig.remote.faults.clear(),
  },
  {
    name: 'the Git host fails (5xx)',
    tick: often(({ rig, random }) => rig.remote.faults.status(random.pick([500, 502, 503, 504]))),
  },
  {
    name: 'the Git host wants fewer requests (429)',
    tick: often(({ rig }) => rig.remote.faults.status(429, { retryAfter: 1 })),
  },
  { name: 'answers are cut', tick: often(({ rig, random }) => rig.remote.faults.cut(random.pick([0, 4, 20, 300]))) },
  {
    name: 'a portal answers',
    tick: often(({ rig, random }) => (random.next() < 0.5 ? rig.remote.faults.html() : rig.remote.faults.empty())),
  },
  { name: 'answers to pushes are lost', tick: often(({ rig }) => rig.remote.faults.loseAnswer()) },
  {
    name: 'somebody pushes between look and push',
    tick: often(({ rig, editor }) => {
      const { count } = editor
      rig.remote.faults.beforeReceivePack(async () => {
        await rig.store.commitFiles({ 'README.md': `edit ${count}\n`, [`notes/${count}.md`]: 'note\n' })
      })
    }),
  },
  {
    name: 'somebody pushes into the folders',
    tick: often(({ rig, editor, random }) => {
      const { count } = editor
      const namespace = random.pick(NAMESPACES)
      const [path = ''] = [...editor.versions.keys()].filter((each) => each.startsWith(`tenants/${namespace}/`))
      rig.remote.faults.beforeReceivePack(async () => {
        await rig.store.commitFiles({ [path]: `foreign: ${count}\n` })
      })
    }),
    // The last push into a folder is found by the next look, which somebody asks for here.
    end({ rig, editor }) {
      for (const namespace of NAMESPACES) {
        const ref = { apiVersion: 'gitsync.dev/v1alpha1', kind: 'GitSync', namespace, name: 'all' }
        const annotations = { 'gitsync.dev/requested-at': `after ${editor.count}` }
        rig.api.objects.patch(ref, { metadata: { annotations } })
      }
    },
  },
  {
    name: 'somebody pushes, and the answer is lost',
    tick: often(({ rig, editor }) => {
      const { count } = editor
      rig.remote.faults.beforeReceivePack(async () => {
        await rig.store.commitFiles({ [`notes/${count}.md`]: 'note\n' })
      })
      rig.remote.faults.loseAnswer({ times: 2 })
    }),
  },
]

/** Faults that a test planned and nothing met are not to hit the next one. */
export const clean = ({ rig }: Run): void => {
  rig.api.faults.clear()
  rig.remote.faults.clear()
}
