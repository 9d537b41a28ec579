import { openRepository } from '@gitsync/protocol'
import type { Remote, TestRepository } from '../../../../test/kit/remote/index.ts'
import { branchPart } from '../../plan/author-branch.ts'
import { identityKey } from '../../objects/object.ts'
import type { ObjectIdentity } from '../../objects/object.ts'
import { Inventory } from '../../plan/inventory.ts'
import type { Person } from '../../plan/person.ts'
import { BranchWriter } from '../branch-writer.ts'
import type { BranchWriterOptions } from '../branch-writer.ts'
import type { PushedCommits } from '../push-attempt.ts'
import type { Connection } from '../connection.ts'
import { contentId, Member } from '../member.ts'
import type { ClusterPort, MemberSettings, RenderedFile } from '../member-settings.ts'
import type { PushObserver } from '../observer.ts'
import { toYaml } from '../../render/yaml.ts'
import { SpoolBudget } from '../spool.ts'
import type { Forge } from '../../forge/forge.ts'
import type { ReviewChange } from '../review/host-request.ts'
import { inBranches } from '../review/in-branches.ts'
import { Tips } from '../tips.ts'
import { ScriptedClock } from './scripted-clock.ts'

export const BOT: Person = { name: 'Bot', email: 'bot@example.com' }
export const ANN: Person = { name: 'Ann', email: 'ann@example.com' }
export const BEN: Person = { name: 'Ben', email: 'ben@example.com' }

export const SILENCE = 5_000
export const INTERVAL = 600_000

/** One GitSync: a cluster that answers as told, and the member that is new after each restart. */
export interface Tenant {
  readonly name: string
  /** Objects that exist, by name: their value. */
  readonly objects: Map<string, string>
  settings: MemberSettings
  member: Member
  /** What the cluster says of a kind: false where it is not served, or its definition goes away. */
  served: boolean
  listed: boolean
  /** The inventory as it was saved last: all that survives a restart. */
  saved: Buffer
  /** Runs before objects are read again … */
  beforeReread: () => void
  /** … and after, before the answer has come. */
  afterReread: () => void
  beforeSave: () => void
  /** Runs when the API server is asked whether an object is gone. */
  beforeProof: () => void
  rereads: number
  /** As the status said it last. */
  observedCommit: string | undefined
  layout: (name: string) => string
  /** Whether its files say nothing of their objects. */
  readonly isOpaque: boolean
  /** As `saved`: whose files those are. */
  savedOwners: Inventory['owners']
  /** @param writtenAt RFC 3339: what the API server says. Default: the clock's time */
  set(name: string, value: string, author?: Person, writtenAt?: string): void
  /** The object goes, and the watch says so. */
  remove(name: string): void
  /** The watch tells of an object as it is. */
  tell(name: string, author?: Person): void
  change(settings: Partial<MemberSettings>): void
}

export interface World {
  readonly clock: ScriptedClock
  readonly repository: TestRepository
  writer: BranchWriter
  readonly pushes: PushedCommits[]
  readonly tenants: Map<string, Tenant>
  tenant(
    name: string,
    options?: {
      readonly settings?: Partial<MemberSettings>
      readonly objects?: Readonly<Record<string, string>>
      readonly listed?: boolean
      /** Where its layout puts an object. Default `pathOf`. */
      readonly layout?: (name: string) => string
      /** Default false. */
      readonly isOpaque?: boolean
    },
  ): Tenant
  /** Everything in memory is gone but the inventories. */
  restart(): void
  idle(): Promise<void>
  pass(ms: number): Promise<void>
  /** Changes something, and waits until the window has closed and what was changed is pushed. */
  edit(change: () => void): Promise<void>
  /** Until everybody has looked at the branch once more. */
  look(): Promise<void>
  /** The folder in Git, claim left out: path and content. */
  folder(path: string): Promise<Record<string, string>>
  /** Newest first: author, committer, subject, tree. */
  log(): Promise<
    {
      readonly author: string
      readonly committer: string
      readonly subject: string
      readonly body: string
      readonly tree: string
      readonly parents: string[]
    }[]
  >
}

const identity = (name: string): ObjectIdentity => ({ group: '', kind: 'ConfigMap', namespace: 'shop', name })

export const content = (name: string, value: string): string =>
  toYaml({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop' }, data: { value } })

export function rendered(name: string, value: string, path = pathOf(name), isOpaque = false): RenderedFile {
  const bytes = Buffer.from(isOpaque ? opaqueContent(value) : content(name, value))
  const id = identity(name)
  const file = { key: identityKey(id), identity: id, path, oid: contentId(bytes) }
  return { file: isOpaque ? { ...file, isOpaque } : file, bytes }
}

/** Of a file that does not say whose it is. */
export const opaqueContent = (value: string): string => `{"value": ${JSON.stringify(value)}}\n`

export const pathOf = (name: string): string => `shop/${name}.yaml`

/** Before any commit. */
const LONG_AGO = '2020-01-01T00:00:00Z'

const SETTINGS: Omit<MemberSettings, 'path' | 'claim'> = {
  prune: 'Owned',
  author: BOT,
  committer: BOT,
  window: { silence: SILENCE, maxLatency: 60_000 },
  interval: INTERVAL,
}

export interface WorldOptions {
  readonly budget?: SpoolBudget
  readonly mayPush?: () => boolean
  readonly observer?: PushObserver
  /** Default: the branch is `main`, and nobody reviews. */
  readonly review?: {
    readonly branch: string
    readonly base: string
    readonly onChange?: (change: ReviewChange) => void
    readonly forge: (repository: TestRepository) => Forge
  }
}

function reviewOf(review: WorldOptions['review'], clock: ScriptedClock): Partial<BranchWriterOptions> {
  if (review === undefined) return {}
  const { branch, base, onChange } = review
  return inBranches(branch, base).open({ branch, clock, onChange })
}

/** A repository on a real remote, with a writer for its branch `main`. */
export async function createWorld(remote: Remote, name: string, options: WorldOptions = {}): Promise<World> {
  const repository = await remote.createRepository(name)
  const budget = options.budget ?? new SpoolBudget()
  const clock = new ScriptedClock()
  const pushes: PushedCommits[] = []
  const tenants = new Map<string, Tenant>()
  const running = new Set<Promise<void>>()

  const schedule = async (work: () => Promise<void>): Promise<void> => {
    const promise = work()
    running.add(promise)
    try {
      await promise
    } finally {
      running.delete(promise)
    }
  }
  const newWriter = (): BranchWriter =>
    new BranchWriter({
      branch: options.review?.branch ?? 'main',
      base: options.review?.base,
      ...reviewOf(options.review, clock),
      clock,
      random: () => 0.5,
      schedule,
      tips: new Tips(clock),
      mayPush: options.mayPush ?? (() => true),
      onPush: (pushed) => pushes.push(pushed),
      ...(options.observer === undefined ? {} : { observer: options.observer }),
    })
  const forge = options.review?.forge(repository)
  const connect = (): Connection => ({
    key: 'same',
    repository: openRepository(repository.url),
    ...(forge === undefined ? {} : { forge: () => forge }),
  })

  const idle = async (): Promise<void> => {
    // What has ended may start the next at once.
    for (let quiet = 0; quiet < 5;) {
      await Promise.all(running)
      await new Promise((resolve) => setImmediate(resolve))
      quiet = running.size === 0 ? quiet + 1 : 0
    }
  }

  const newMember = (tenant: Tenant): Member => {
    const port: ClusterPort = {
      listed: () => tenant.listed,
      knows: () => tenant.served,
      complete: () => tenant.served && tenant.listed,
      isServed: () => Promise.resolve(tenant.served),
      isGone: (id) => {
        tenant.beforeProof()
        return Promise.resolve(tenant.served && !tenant.objects.has(id.name))
      },
      reread: (files) => {
        tenant.rereads++
        tenant.beforeReread()
        const found = files.flatMap(({ identity, key }) => {
          const value = tenant.objects.get(identity.name)
          return value === undefined
            ? []
            : [[key, rendered(identity.name, value, tenant.layout(identity.name), tenant.isOpaque)] as const]
        })
        tenant.afterReread()
        return Promise.resolve(new Map(found))
      },
      saveInventory: (inventory) => {
        if (tenant.member !== member) throw new Error('this process is gone')
        tenant.beforeSave()
        tenant.saved = inventory.encode()
        tenant.savedOwners = inventory.owners
        return Promise.resolve()
      },
    }
    const member: Member = new Member({
      name: tenant.name,
      settings: tenant.settings,
      port,
      inventory: Inventory.decode(tenant.saved, undefined, tenant.savedOwners),
      // As the status has kept it.
      pullRequests: (tenant.member as Member | undefined)?.status.pullRequests,
      budget,
      clock,
      onWork: () => {
        if (tenant.member === member) world.writer.kick(tenant.name)
      },
      ...(tenant.observedCommit === undefined ? {} : { observedCommit: tenant.observedCommit }),
      onReport: () => {
        if (tenant.member === member) tenant.observedCommit = member.status.observedCommit ?? tenant.observedCommit
      },
    })
    return member
  }

  const begin = (tenant: Tenant): void => {
    tenant.member = newMember(tenant)
    for (const name of tenant.objects.keys()) tenant.tell(name)
    world.writer.attach(tenant.member, connections.get(tenant.name) ?? connect())
  }
  const connections = new Map<string, Connection>()

  const world: World = {
    clock,
    repository,
    writer: newWriter(),
    pushes,
    tenants,
    tenant(name, { settings = {}, objects = {}, listed = true, layout = pathOf, isOpaque = false } = {}) {
      const writes = new Map(Object.keys(objects).map((name) => [name, LONG_AGO]))
      const owners = new Map<string, string>()
      const tenant: Tenant = {
        name,
        objects: new Map(Object.entries(objects)),
        settings: { path: name, claim: { cluster: 'c1', gitsync: name }, ...SETTINGS, ...settings },
        member: undefined as unknown as Member,
        served: true,
        listed,
        saved: Buffer.alloc(0),
        beforeReread: () => undefined,
        afterReread: () => undefined,
        beforeSave: () => undefined,
        beforeProof: () => undefined,
        rereads: 0,
        observedCommit: undefined,
        layout,
        isOpaque,
        savedOwners: [],
        set(object, value, author, writtenAt) {
          tenant.objects.set(object, value)
          writes.set(object, writtenAt ?? new Date(clock.now()).toISOString())
          tenant.tell(object, author)
        },
        remove(object) {
          tenant.objects.delete(object)
          tenant.member.objects.deleted(identityKey(identity(object)))
        },
        tell(object, author) {
          if (author !== undefined) owners.set(object, branchPart(author.name))
          const newest = writes.get(object) ?? new Date(clock.now()).toISOString()
          const { file, bytes } = rendered(object, tenant.objects.get(object) ?? '', tenant.layout(object), isOpaque)
          tenant.member.objects.set({ ...file, newest, owner: owners.get(object) }, bytes, {
            author,
            time: clock.now(),
          })
        },
        change(more) {
          tenant.settings = { ...tenant.settings, ...more }
          tenant.member.settings = tenant.settings
        },
      }
      tenants.set(name, tenant)
      connections.set(name, connect())
      begin(tenant)
      return tenant
    },
    restart() {
      // As when a process is killed: what is on its way may still arrive.
      void world.writer.stop(false)
      world.writer = newWriter()
      for (const [name, tenant] of tenants) {
        tenant.member.close()
        connections.set(name, connect())
        begin(tenant)
      }
    },
    idle,
    pass: (ms) => clock.pass(ms, idle),
    async edit(change) {
      change()
      await clock.pass(SILENCE, idle)
    },
    look: () => clock.pass(INTERVAL, idle),
    async folder(path) {
      const files: Record<string, string> = {}
      if ((await repository.resolve('main')) === null) return files
      for (const { path: full } of await repository.lsTree('main', path === '.' ? '' : path)) {
        const below = path === '.' ? full : full.slice(path.length + 1)
        if (below !== '.gitsync') files[below] = (await repository.readFile('main', full)).toString()
      }
      return files
    },
    async log() {
      if ((await repository.resolve('main')) === null) return []
      const printed = await repository.git('log', '--format=%an%x01%cn%x01%s%x01%B%x01%T%x01%P%x02', 'main')
      return printed
        .split('\x02')
        .filter((entry) => entry.trim() !== '')
        .map((entry) => {
          const [author = '', committer = '', subject = '', body = '', tree = '', parents = ''] = entry
            .trim()
            .split('\x01')
          return { author, committer, subject, body, tree, parents: parents.split(' ').filter((oid) => oid !== '') }
        })
    },
  }
  return world
}

/** The folder that a tenant wants. */
export const wanted = ({ objects }: Tenant): Record<string, string> =>
  Object.fromEntries([...objects].map(([name, value]) => [pathOf(name), content(name, value)]))
