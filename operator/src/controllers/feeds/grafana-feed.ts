import type { GrafanaSource } from '../../api/dashboard.ts'
import { isForgeError } from '../../forge/forge-error.ts'
import type { Grafana } from '../../grafana/grafana.ts'
import type { NamedAuthor } from '../../plan/authors/naming.ts'
import { PushFailure } from '../../push/failure.ts'
import { readFolders } from '../grafana/folder-tree.ts'
import type { FolderTree } from '../grafana/folder-tree.ts'
import type { GrafanaPort } from '../grafana/grafana-port.ts'
import { grafanaProblem } from '../grafana/grafana-problem.ts'
import { Pauses } from '../grafana/pauses.ts'
import type { Poll } from '../grafana/poll.ts'
import type { Problem } from '../step.ts'
import { alertRules } from './alert-rules.ts'
import { dashboardsLook } from './dashboards-look.ts'
import type { Feed, FeedHandler } from './feed.ts'
import { libraryPanels } from './library-panels.ts'
import type { Asked, Look } from './look.ts'
import { statesLook } from './states-look.ts'
import type { StateKind } from './states-look.ts'

type NameLogin = (login: string) => NamedAuthor | undefined

/** What is looked for beside the dashboards. */
interface Extra {
  readonly kind: StateKind
  readonly look: Look
  isSynced: boolean
  problem: Problem | undefined
}

/**
 * What a Grafana has: dashboards, and as far as they are wanted alert rules and library panels. It looks from time to time; what is in
 * dashboards their histories tell. One sort that may not be read keeps the others from nothing.
 * @param how.since of the Dashboard, milliseconds since the epoch
 */
export function grafanaFeed(
  port: GrafanaPort,
  source: GrafanaSource,
  how: {
    readonly since: number | undefined
    readonly nameLogin: NameLogin
  },
): Feed {
  const dashboards = dashboardsLook(source, how.since)
  const extras = kindsOf(source, how.nameLogin).map((kind): Extra => ({
    kind,
    look: statesLook(source, kind),
    isSynced: false,
    problem: undefined,
  }))
  const extraOf = (key: string): Extra | undefined => extras.find(({ kind }) => key.startsWith(kind.prefix))
  const pauses = new Pauses(port.random)
  let handler: FeedHandler | undefined
  let poll: Poll | undefined
  let isSynced = false
  let problem: Problem | undefined

  const askedOf = (grafana: Grafana, folders: FolderTree): Asked => ({
    grafana,
    folders,
    foldersNow: () => readFolders(grafana, source.folder),
    isSame: false,
  })

  /** @returns what to wait for longer, where something did not answer */
  const look = async (to: FeedHandler): Promise<unknown> => {
    const grafana = await port.open(source)
    const folders = await readFolders(grafana, source.folder)
    if (folders === undefined) {
      const message = `spec.source.grafana.folder: ${source.url} has no folder ${source.folder}, or does not show it to this login; the files stay`
      throw new PushFailure('NotInGrafana', message)
    }
    const asked = askedOf(grafana, folders)
    await dashboards.look(asked, to)
    let failure: unknown
    for (const extra of extras) {
      try {
        await extra.look.look({ ...asked, isSame: dashboards.size > 0 }, to)
        extra.isSynced = true
        extra.problem = undefined
      } catch (error) {
        extra.problem = problemIn(extra.kind.words, error)
        // What is refused is an answer, too.
        if (isForgeError(error) && !isForgeError(error, 'Forbidden')) failure = error
      }
    }
    problem = undefined
    if (handler === undefined) return undefined
    if (!isSynced) {
      isSynced = true
      to.synced()
    }
    // Where they are is known by now: a version of one that was moved is written there.
    to.looked()
    return failure
  }

  const step = async (): Promise<number | undefined> => {
    if (handler === undefined) return undefined
    try {
      const failure = await look(handler)
      return failure === undefined ? pauses.answered(source.interval) : pauses.failed(source.interval, failure)
    } catch (error) {
      problem = grafanaProblem(error)
      return pauses.failed(source.interval, error)
    } finally {
      if (problemNow()?.reason === 'GrafanaRefused') port.doubt(source)
      handler?.stateChanged()
    }
  }

  const problemNow = (): Problem | undefined => {
    if (problem !== undefined) return problem
    const [first, ...more] = extras.flatMap((extra) => extra.problem ?? [])
    return first && { ...first, message: [first, ...more].map(({ message }) => message).join('; ') }
  }
  const knows = (key: string): boolean => {
    const extra = extraOf(key)
    return isSynced && problem === undefined && (extra === undefined || (extra.isSynced && extra.problem === undefined))
  }

  return {
    open(opened) {
      handler = opened
      poll = port.poll(source, step)
      poll.run()
    },
    close() {
      handler = undefined
      poll?.close()
    },
    get current() {
      return isSynced && problemNow() === undefined
    },
    knows,
    get problem() {
      return problemNow()
    },
    lookNow: () => poll?.run(),
    async read(key) {
      const extra = extraOf(key)
      return extra && (await extra.look.read(key, { grafana: await port.open(source) }))
    },
    async isGone(key) {
      if (!knows(key)) return false
      const extra = extraOf(key)
      // No dashboard has such a key: what has it is not wanted any more.
      if (extra === undefined && key.includes('/')) return true
      try {
        const asked = askedOf(await port.open(source), new Map())
        return await (extra === undefined
          ? dashboards.isGone(key, asked)
          : extra.look.isGone(key, { ...asked, isSame: dashboards.size > 0 }))
      } catch {
        // Where it cannot be seen that it is gone, it is not, and the others need not wait.
        return false
      }
    },
  }
}

const kindsOf = ({ alertRules: rules, libraryPanels: panels }: GrafanaSource, nameLogin: NameLogin): StateKind[] => [
  ...(rules === undefined ? [] : [alertRules(rules)]),
  ...(panels === undefined ? [] : [libraryPanels(panels, nameLogin)]),
]

/** What was asked is in the message of the problem; for what it was asked is not. */
function problemIn({ field }: StateKind['words'], error: unknown): Problem {
  const found = grafanaProblem(error)
  return isForgeError(error) ? { ...found, message: `${field}: ${found.message}; the files stay` } : found
}
