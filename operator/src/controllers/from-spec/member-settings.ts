import { parseDuration } from '../../api/duration.ts'
import type { GitSync } from '../../api/parse.ts'
import { OPERATOR } from '../../plan/person.ts'
import type { MemberSettings } from '../../push/member-settings.ts'
import { parsePointer } from '../../render/ignore.ts'

const TAKE_OVER = 'gitsync.dev/take-over'
const CONFIRM_DELETION = 'gitsync.dev/confirm-deletion'
const CONFIRM_OVERWRITE = 'gitsync.dev/confirm-overwrite'
const ACCEPT_HISTORY = 'gitsync.dev/accept-history'

/** What a spec asks for, as far as writing is concerned. */
export function memberSettings({ metadata, spec }: GitSync, cluster: string): MemberSettings {
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
    author: commit.author ?? OPERATOR,
    committer: commit.committer ?? OPERATOR,
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

/** People paste what the message showed, with or without the name before it. */
function answer(value: string | undefined, prefix: string): string | undefined {
  const text = value?.trim()
  return text?.startsWith(prefix) === true ? text.slice(prefix.length) : text
}
