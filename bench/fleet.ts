/**
 * Many namespaces with a GitSync each, all on one branch of one repository: the bundled operator as a process of its own, against
 * a real kube-apiserver and git http-backend. First until everything is in Git, then while nothing changes.
 *
 * `BENCH_PROFILE=DIR` leaves a CPU profile of the operator there.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { usageOf } from './process-usage.ts'
import { each, gitsync, OPERATOR, readyCount, startTenants, until } from './tenants.ts'

export interface FleetOptions {
  readonly gitsyncs: number
  readonly configMapsEach: number
  /** Minutes without a change that are measured afterwards. */
  readonly idleMinutes: number
}

export interface FleetResult extends FleetOptions {
  /** From the first GitSync that is created until every file is in Git. */
  readonly seconds: number
  /** Until every GitSync is Ready. */
  readonly readySeconds: number
  readonly cpuSeconds: number
  readonly peakRss: number
  readonly requests: number
  readonly up: number
  readonly down: number
  readonly commits: number
  /** Watches of ConfigMaps that were opened. */
  readonly watches: number
  readonly idle: {
    readonly seconds: number
    readonly gitRequests: number
    /** Requests to the API server that wrote something, Leases and access reviews apart. */
    readonly writes: number
    readonly leaseWrites: number
    readonly accessReviews: number
    readonly reads: number
    readonly cpuSeconds: number
  }
}

interface AuditLine {
  readonly verb: string
  readonly resource: string
}

const AUDIT_POLICY = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['ResponseStarted', 'ResponseComplete', 'Panic'],
  rules: [{ level: 'Metadata', users: [OPERATOR] }, { level: 'None' }],
}

export async function benchFleet(options: FleetOptions): Promise<FleetResult> {
  const { gitsyncs, configMapsEach, idleMinutes } = options
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-fleet-'))
  const [policy, audit] = [join(scratch, 'policy.json'), join(scratch, 'audit.log')]
  await writeFile(policy, JSON.stringify(AUDIT_POLICY))
  const names = Array.from({ length: gitsyncs }, (_, index) => `tenant-${String(index).padStart(4, '0')}`)
  const world = await startTenants(names, {
    configMapsEach,
    profile: `fleet-${gitsyncs}`,
    apiServerFlags: [`--audit-policy-file=${policy}`, `--audit-log-path=${audit}`, '--audit-log-mode=blocking'],
  })
  const linesOf = async (): Promise<AuditLine[]> =>
    (await readFile(audit, 'utf8').catch(() => ''))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { verb: string; objectRef?: { resource: string } })
      .map(({ verb, objectRef }) => ({ verb, resource: objectRef?.resource ?? '' }))
  const { api, remote, operator } = world
  try {
    const store = await remote.createRepository('audit.git')
    const before = usageOf(operator.pid)
    const started = performance.now()
    const since = (): number => (performance.now() - started) / 1000
    await each(names, (name) => api.create(gitsync(name, store.url)))
    const wanted = gitsyncs * configMapsEach
    await until(`${wanted} files are in Git`, async () => (await filesIn(store)) === wanted)
    const seconds = since()
    await until('everybody is Ready', async () => (await readyCount(api)) === gitsyncs)
    const readySeconds = since()
    const after = usageOf(operator.pid)
    const requests = [...remote.requests]
    const watches = (await linesOf()).filter(({ verb, resource }) => verb === 'watch' && resource === 'configmaps')
    const commits = Number(await store.git('rev-list', '--count', 'main'))

    remote.reset()
    const quietLines = (await linesOf()).length
    const idleBegan = performance.now()
    await pause(idleMinutes * 60_000)
    const lines = (await linesOf()).slice(quietLines)
    const count = (matches: (line: AuditLine) => boolean): number => lines.filter(matches).length
    const isWrite = ({ verb }: AuditLine): boolean => ['create', 'update', 'patch', 'delete'].includes(verb)
    const isLease = ({ resource }: AuditLine): boolean => resource === 'leases'
    const isReview = ({ resource }: AuditLine): boolean => resource.endsWith('subjectaccessreviews')
    return {
      ...options,
      seconds,
      readySeconds,
      cpuSeconds: after.cpu - before.cpu,
      peakRss: after.peakRss,
      requests: requests.length,
      up: requests.reduce((sum, { bytesIn }) => sum + bytesIn, 0),
      down: requests.reduce((sum, { bytesOut }) => sum + bytesOut, 0),
      commits,
      watches: watches.length,
      idle: {
        seconds: (performance.now() - idleBegan) / 1000,
        gitRequests: remote.requests.length,
        writes: count((line) => isWrite(line) && !isLease(line) && !isReview(line)),
        leaseWrites: count((line) => isWrite(line) && isLease(line)),
        accessReviews: count(isReview),
        reads: count((line) => !isWrite(line)),
        cpuSeconds: usageOf(operator.pid).cpu - after.cpu,
      },
    }
  } finally {
    await world.stop()
    await rm(scratch, { recursive: true, force: true })
  }
}

async function filesIn(store: { lsTree(revision: string): Promise<readonly { readonly path: string }[]> }) {
  const files = await store.lsTree('main').catch(() => [])
  return files.filter(({ path }) => path.endsWith('.yaml')).length
}
