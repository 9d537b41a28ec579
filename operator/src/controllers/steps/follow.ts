import { parseDuration } from '../../api/duration.ts'
import type { GitSync } from '../../api/parse.ts'
import type { MemberSettings } from '../../push/member-settings.ts'
import { branchKey } from '../../plan/overlap.ts'
import { inventoryStore } from '../inventory-store.ts'
import { Runtime } from '../runtime.ts'
import type { Problem, Reconciliation } from '../step.ts'

const BOT = { name: 'gitsync-operator', email: 'gitsync-operator@noreply.invalid' }
const TAKE_OVER = 'gitsync.dev/take-over'
const CONFIRM_DELETION = 'gitsync.dev/confirm-deletion'
const CONFIRM_OVERWRITE = 'gitsync.dev/confirm-overwrite'
const ACCEPT_HISTORY = 'gitsync.dev/accept-history'

/** Puts the GitSync to work: reads what it may, writes where it should. */
export async function follow(run: Reconciliation): Promise<Problem | undefined> {
  const { environment, gitsync, name, branch } = run
  const settings = settingsOf(gitsync, environment.clusterId)
  const { url, path } = gitsync.spec.repository
  const place = JSON.stringify([branchKey({ url, branch }), path])
  let runtime = run.runtimes.get(name)
  if (runtime?.place !== place) {
    runtime?.close()
    const store = inventoryStore(environment.client, gitsync, place)
    runtime = new Runtime(environment, gitsync, { place, settings, inventory: await store.load(), store })
    run.runtimes.set(name, runtime)
  } else if (JSON.stringify(settings) !== JSON.stringify(runtime.member.settings)) runtime.member.settings = settings
  const ca = [run.provider?.spec.caBundle, run.secret?.ca].filter((pem) => pem !== undefined).join('\n')
  const connection = environment.repositories.connect(
    { url, auth: run.secret?.auth, policy: run.policy, ca: ca === '' ? undefined : ca },
    runtime.connection,
  )
  const isOther = runtime.connection !== undefined && runtime.connection !== connection
  runtime.connection = connection
  environment.writers.attach(branchKey({ url, branch }), branch, runtime.member, connection)
  // New credentials are tried at once, whatever went wrong with the old ones.
  if (isOther) runtime.member.unblock()
  runtime.read(run.readings, gitsync.spec.layout)
  runtime.member.proveAgain()
  return undefined
}

function settingsOf({ metadata, spec }: GitSync, cluster: string): MemberSettings {
  const { commit, repository, prune, onDrift, interval } = spec
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
    window: { silence: parseDuration(commit.window), maxLatency: parseDuration(commit.maxLatency) },
    interval: parseDuration(interval),
  }
}

/** People paste what the message showed, with or without the name before it. */
function answer(value: string | undefined, prefix: string): string | undefined {
  const text = value?.trim()
  return text?.startsWith(prefix) === true ? text.slice(prefix.length) : text
}
