import { parseDuration } from '../../api/duration.ts'
import { DEFAULT_LAYOUT_TEMPLATE } from '../../api/layout.ts'
import type { GitSync } from '../../api/parse.ts'
import { DEFAULT_PULL_REQUEST } from '../../api/push.ts'
import type { MemberSettings } from '../../push/member-settings.ts'
import { Inventory } from '../../plan/inventory.ts'
import { branchKey, normalizeUrl } from '../../plan/overlap.ts'
import { repositoryAddress } from '../../plan/repository-address.ts'
import { limitsOf } from '../../push/budget/provider-limits.ts'
import { inventoryStore, placeKey } from '../inventory-store.ts'
import type { InventoryStore, Location } from '../inventory-store.ts'
import { parsePointer } from '../../render/ignore.ts'
import { pathRule } from '../../render/path-rule.ts'
import type { ReviewSettings } from '../../push/review/review-settings.ts'
import { withdraw } from '../../push/review/withdraw.ts'
import type { Connection } from '../../push/stage.ts'
import { Runtime } from '../runtime.ts'
import type { Rendering } from '../runtime.ts'
import type { Problem, Reconciliation } from '../step.ts'

const BOT = { name: 'gitsync-operator', email: 'gitsync-operator@noreply.invalid' }
const TAKE_OVER = 'gitsync.dev/take-over'
const CONFIRM_DELETION = 'gitsync.dev/confirm-deletion'
const CONFIRM_OVERWRITE = 'gitsync.dev/confirm-overwrite'
const ACCEPT_HISTORY = 'gitsync.dev/accept-history'

/** Puts the GitSync to work: reads what it may, writes where it should. */
export async function follow(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, branch } = run
  const { url, path } = gitsync.spec.repository
  // Where files are in the end: whether they take the way of a request is no other place.
  const location = { url: normalizeUrl(url), branch: run.base ?? branch, path }
  const store = inventoryStore(environment.client, gitsync, location)
  const settings = { ...settingsOf(gitsync, environment.clusterId), review: reviewOf(run) }
  const rendering = await renderingOf(gitsync)
  const load = (): Promise<Inventory> => store.load()
  const runtime = await work(run, { location, settings, load, store })
  runtime.read(run.readings, rendering, {
    isWhole: run.problems.length + run.leftOut.length === 0,
    protection: run.protection,
  })
  runtime.member.proveAgain()
  return undefined
}

/**
 * With `deletionPolicy: Remove`: takes the files away from where the GitSync wrote before its branch or path was changed. Until
 * that is done nothing is written at the new place. In another repository they stay: it may want other credentials.
 */
export async function leaveFormerPlace(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, branch, name } = run
  const { repository, deletionPolicy } = gitsync.spec
  // Under review nothing goes from the base but by a request.
  if (deletionPolicy !== 'Remove' || run.base !== undefined) return undefined
  const url = normalizeUrl(repository.url)
  const current = { url, branch, path: repository.path }
  if (run.runtimes.get(name)?.place === placeKey(current)) return undefined
  const store = inventoryStore(environment.client, gitsync, current)
  const former = await store.loadFormer()
  if (former === undefined || former.location.url !== url) return undefined
  if (await leave(run, former.location, () => Promise.resolve(former.inventory))) {
    // From here on the inventory is about the new place.
    await store.save(new Inventory())
    return undefined
  }
  const { branch: oldBranch, path } = former.location
  return {
    reason: 'Progressing',
    message: `files at ${path} on branch ${oldBranch} are being removed first`,
    keepsWorking: true,
  }
}

/**
 * Takes the files of a GitSync that is being deleted away; under review its request and branch, and what was merged stays.
 * @returns whether that is done
 */
export async function leaveForGood(run: Reconciliation): Promise<boolean> {
  const { environment, gitsync, branch, name } = run
  const review = reviewOf(run)
  if (review !== undefined) {
    const { committer } = settingsOf(gitsync, environment.clusterId)
    const runtime = run.runtimes.get(name)
    runtime?.close()
    run.runtimes.delete(name)
    const connection = connectionOf(run, undefined)
    try {
      await withdraw(connection, branch, review, committer.email)
    } finally {
      environment.repositories.release(connection)
    }
    return true
  }
  const { url, path } = gitsync.spec.repository
  const location = { url: normalizeUrl(url), branch, path }
  return leave(run, location, () => inventoryStore(environment.client, gitsync, location).load())
}

async function leave(run: Reconciliation, location: Location, load: () => Promise<Inventory>): Promise<boolean> {
  const { environment, gitsync, name } = run
  const settings = { ...settingsOf(gitsync, environment.clusterId), path: location.path, isLeaving: true }
  const store = inventoryStore(environment.client, gitsync, location)
  const runtime = await work(run, { location, settings, load, store })
  runtime.read([], await renderingOf(gitsync), { isWhole: false, protection: undefined })
  if (!runtime.member.hasLeft) return false
  runtime.close()
  run.runtimes.delete(name)
  return true
}

/** The GitSync's runtime for a place, on its connection; a new one when it works elsewhere. */
async function work(
  run: Reconciliation,
  at: {
    readonly location: Location
    readonly settings: MemberSettings
    readonly load: () => Promise<Inventory>
    readonly store: InventoryStore
  },
): Promise<Runtime> {
  const { environment, gitsync, name, branch, runtimes, signing, authors } = run
  const { location, store } = at
  const settings = { ...at.settings, maxPushBytes: limitsFor(run).bytesPerPush }
  // A former place is left directly, whatever the way to the new one is.
  const isReviewed = settings.review !== undefined
  const written = isReviewed ? branch : location.branch
  const place = isReviewed ? JSON.stringify([placeKey(location), written]) : placeKey(location)
  let runtime = runtimes.get(name)
  if (runtime?.place !== place) {
    runtime?.close()
    runtime = new Runtime(environment, gitsync, { place, branch: written, settings, inventory: await at.load(), store })
    runtimes.set(name, runtime)
  } else if (JSON.stringify(settings) !== JSON.stringify(runtime.member.settings)) runtime.member.settings = settings
  runtime.signing = signing
  runtime.member.signer = signing?.signer
  runtime.authors = authors
  const connection = connectionOf(run, runtime.connection)
  const isOther = runtime.connection !== undefined && runtime.connection !== connection
  runtime.connection = connection
  const key = branchKey({ url: location.url, branch: written })
  environment.writers.attach(key, written, runtime.member, connection, isReviewed ? branchKey(location) : undefined)
  // New credentials are tried at once, whatever went wrong with the old ones.
  if (isOther) runtime.member.unblock()
  return runtime
}

function limitsFor({ gitsync, provider }: Reconciliation): ReturnType<typeof limitsOf> {
  return limitsOf(repositoryAddress(gitsync.spec.repository.url).hostname, provider?.spec)
}

function connectionOf(run: Reconciliation, current: Connection | undefined): Connection {
  const { environment, gitsync, provider, secret, policy } = run
  const ca = [provider?.spec.caBundle, secret?.ca].filter((pem) => pem !== undefined).join('\n')
  return environment.repositories.connect(
    {
      url: repositoryAddress(gitsync.spec.repository.url).url,
      auth: secret?.auth,
      githubApp: secret?.githubApp,
      ssh: secret?.ssh,
      clientCertificate: secret?.clientCertificate,
      policy,
      ca: ca === '' ? undefined : ca,
      limits: limitsFor(run),
    },
    current,
  )
}

/** What a spec asks for, as far as writing is concerned. */
export function settingsOf({ metadata, spec }: GitSync, cluster: string): MemberSettings {
  const { commit, repository, push, prune, onDrift, interval, layout, ignore } = spec
  const annotations = metadata.annotations ?? {}
  return {
    path: repository.path,
    claim: { cluster, gitsync: metadata.uid ?? '' },
    takeOver: answer(annotations[TAKE_OVER], 'take-over='),
    confirmDeletion: answer(annotations[CONFIRM_DELETION], 'confirm-deletion='),
    confirmOverwrite: answer(annotations[CONFIRM_OVERWRITE], 'confirm-overwrite='),
    acceptHistory: answer(annotations[ACCEPT_HISTORY], 'accept-history='),
    prune,
    onDrift,
    author: commit.author ?? BOT,
    committer: commit.committer ?? BOT,
    message: commit.message,
    perObject: commit.perObject,
    trailers: commit.trailers,
    skipCI: commit.skipCI,
    window: { silence: parseDuration(commit.window), maxLatency: parseDuration(commit.maxLatency) },
    interval: parseDuration(interval),
    pushOptions: push.options,
    content: { format: layout.format, ignore: ignore.map(parsePointer), inPlace: layout.existing === 'Edit' },
    shared: layout.documents === 'Many',
    kustomization: layout.kustomization,
  }
}

/** How a spec's objects become files. */
export async function renderingOf({ spec: { layout, fields, ignore } }: GitSync): Promise<Rendering> {
  const { template, expression, format } = layout
  return {
    pathOf: await pathRule({ template: template ?? DEFAULT_LAYOUT_TEMPLATE, expression }),
    options: { format, fields, ignore: ignore.map(parsePointer) },
    id: JSON.stringify([template, expression, format, fields, ignore]),
  }
}

/** With push.mode PullRequest: what the request is like. */
function reviewOf({ base, gitsync, provider }: Reconciliation): ReviewSettings | undefined {
  if (base === undefined) return undefined
  const { title, body, labels, reviewers, draft, deleteBranch, via } =
    gitsync.spec.push.pullRequest ?? DEFAULT_PULL_REQUEST
  return {
    base,
    hostType: provider?.spec.type,
    via,
    title,
    body,
    labels: labels ?? [],
    reviewers: reviewers ?? [],
    draft,
    deleteBranch,
  }
}

/** People paste what the message showed, with or without the name before it. */
function answer(value: string | undefined, prefix: string): string | undefined {
  const text = value?.trim()
  return text?.startsWith(prefix) === true ? text.slice(prefix.length) : text
}
