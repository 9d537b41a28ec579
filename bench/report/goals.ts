import { CLIENTS } from '../clients/names.ts'
import type { SizeName } from '../layout.ts'
import { cellOf } from '../results.ts'
import type { Cell, EngineResults } from '../results.ts'
import type { ClientName } from '../scenario.ts'
import { kb, mb, table } from '../table.ts'

interface Verdict {
  readonly goal: string
  readonly figure: string
  /** Undefined: not measured, and then not shown. */
  readonly met: boolean | undefined
}

const LARGEST: SizeName = 'xlarge'
const PEERS = CLIENTS.filter((client) => !client.startsWith('engine'))
/** The same, by measurements that are never quite the same. */
const SAME_WITHIN = 1.25
const MAX_RSS = 120e6

/** What the engine is to reach on the largest repository, and whether this run shows it. */
export function goalsSection(results: EngineResults): string {
  const rows = verdicts(results).flatMap(({ goal, figure, met }) =>
    met === undefined ? [] : [[goal, figure, met ? 'met' : '**missed**']],
  )
  if (rows.length === 0) return ''
  return `## Goals

On the xlarge repository, where a goal does not say otherwise.

${table(['goal', 'figure', ''], rows)}
`
}

function verdicts(results: EngineResults): Verdict[] {
  const of = (scenario: string, client: ClientName = 'engine', size = LARGEST): Cell | undefined =>
    cellOf(results, size, scenario, client)
  return [
    domination(results),
    single(
      'cold edit: 3 requests, at most 250 kB beyond the content',
      of('create'),
      beyond,
      (c) => c.requests <= 3 && bytes(c) - c.content <= 250e3,
    ),
    single(
      'cold edit level by level: at most 15 kB beyond the content',
      of('create', 'engine-levels'),
      beyond,
      (c) => bytes(c) - c.content <= 15e3,
    ),
    single(
      'cold edit: at most 1.6 kB up beyond the content',
      of('create'),
      (c) => `${c.up - c.content} B`,
      (c) => c.up - c.content <= 1600,
    ),
    single('edit with the old content held: at most 700 B up', of('update-held'), up, (c) => c.up <= 700),
    single('warm edit: 1 request', of('warm-edit'), traffic, (c) => c.requests === 1),
    single('edit in a folder of 5,000: at most 550 B up', of('flat-folder'), up, (c) => c.up <= 550),
    single('50 files in a folder of 5,000: at most 4 kB up', of('flat-folder-50'), up, (c) => c.up <= 4000),
    single('ten edits: 12 requests', of('ten-edits'), traffic, (c) => c.requests <= 12),
    single('flat tree: 2 requests', of('flat-tree'), traffic, (c) => c.requests <= 2),
    ...['compare-1', 'compare-10'].map((name) =>
      single(
        `${name.replace('compare-', 'compare HEAD~')}: 3 requests, at most 130 kB`,
        of(name),
        traffic,
        (c) => c.requests <= 3 && bytes(c) <= 130e3,
      ),
    ),
    single(
      'compare far: 1 request, at most 530 kB',
      of('compare-far'),
      (c) => `${traffic(c)}; git ${kb(bytes(of('compare-far', 'git-partial') ?? c))} kB`,
      (c) => c.requests === 1 && bytes(c) <= 530e3,
    ),
    single(
      'compare, one side held: 1 request, at most 8 kB',
      of('compare-held'),
      traffic,
      (c) => c.requests === 1 && bytes(c) <= 8e3,
    ),
    single('read below six folders: 3 requests', of('read-deep'), traffic, (c) => c.requests <= 3),
    checkoutTraffic(of('checkout'), of('checkout', 'git-partial')),
    checkoutTime(results),
    single('new branch with a commit: 3 requests', of('branch-commit'), traffic, (c) => c.requests <= 3),
    single(
      '1,000 new files: one push, at most 100 ms of processor time',
      of('bulk-1000'),
      (c) => `${c.pushes} push, ${c.cpuMilliseconds.toFixed(0)} ms`,
      (c) => c.pushes === 1 && c.cpuMilliseconds <= 100,
    ),
    ...['create', 'warm-edit'].map((name) => sameOnBoth(name, of(name, 'engine', 'medium'), of(name))),
    memory(results),
  ]
}

const bytes = ({ up, down }: Cell): number => up + down
const up = (cell: Cell): string => `${cell.up} B`
const requests = (cell: Cell): string => `${cell.requests} ${cell.requests === 1 ? 'request' : 'requests'}`
const traffic = (cell: Cell): string => `${requests(cell)}, ${kb(bytes(cell))} kB`
const beyond = (cell: Cell): string => `${requests(cell)}, ${kb(bytes(cell) - cell.content)} kB`

function single(
  goal: string,
  cell: Cell | undefined,
  figure: (cell: Cell) => string,
  met: (cell: Cell) => boolean,
): Verdict {
  return cell === undefined ? { goal, figure: '', met: undefined } : { goal, figure: figure(cell), met: met(cell) }
}

/** A line is lost when a peer has fewer requests and fewer bytes than each way in which the engine did it. */
function domination(results: EngineResults): Verdict {
  const cells = results.cells.filter(({ size, latency }) => size === LARGEST && latency === 0)
  const lost = [...Map.groupBy(cells, ({ scenario }) => scenario)].flatMap(([scenario, line]) => {
    const ours = line.filter(({ client }) => client.startsWith('engine'))
    const better = line.filter(
      (peer) =>
        PEERS.includes(peer.client) &&
        ours.length > 0 &&
        ours.every((own) => peer.requests < own.requests && bytes(peer) < bytes(own)),
    )
    return better.map(({ client }) => `${scenario} (${client})`)
  })
  return {
    goal: 'no peer better in both requests and bytes on any line',
    figure: lost.length === 0 ? 'none is' : lost.join(', '),
    met: cells.length === 0 ? undefined : lost.length === 0,
  }
}

function checkoutTraffic(own: Cell | undefined, git: Cell | undefined): Verdict {
  const goal = "folder to disk: at most 6 requests, at git's bytes"
  if (own === undefined || git === undefined) return { goal, figure: '', met: undefined }
  const figure = `${traffic(own)}; git ${kb(bytes(git))} kB`
  return { goal, figure, met: own.requests <= 6 && bytes(own) <= bytes(git) * 1.01 }
}

function checkoutTime(results: EngineResults): Verdict {
  const goal = 'folder to disk: less time than every peer'
  const own = cellOf(results, LARGEST, 'checkout', 'engine')
  const peers = PEERS.flatMap((client) => cellOf(results, LARGEST, 'checkout', client) ?? [])
  if (own === undefined || peers.length === 0) return { goal, figure: '', met: undefined }
  const fastest = Math.min(...peers.map(({ milliseconds }) => milliseconds))
  const figure = `${own.milliseconds.toFixed(0)} ms; the fastest peer ${fastest.toFixed(0)} ms`
  return { goal, figure, met: own.milliseconds < fastest }
}

function sameOnBoth(name: string, medium: Cell | undefined, large: Cell | undefined): Verdict {
  const goal = `${name}: the same time and memory on medium and xlarge`
  if (medium === undefined || large === undefined) return { goal, figure: '', met: undefined }
  const [time, memory] = [large.milliseconds / medium.milliseconds, large.peakRss / medium.peakRss]
  const figure = `${medium.milliseconds.toFixed(0)} → ${large.milliseconds.toFixed(0)} ms, ${mb(medium.peakRss)} → ${mb(large.peakRss)} MB`
  return { goal, figure, met: time <= SAME_WITHIN && memory <= SAME_WITHIN }
}

function memory({ cells }: EngineResults): Verdict {
  const own = cells.filter(({ client }) => client.startsWith('engine'))
  const most = own.toSorted((a, b) => b.peakRss - a.peakRss)[0]
  const goal = 'peak memory under 120 MB on every line and size'
  if (most === undefined) return { goal, figure: '', met: undefined }
  return { goal, figure: `${mb(most.peakRss)} MB (${most.scenario}, ${most.size})`, met: most.peakRss < MAX_RSS }
}
