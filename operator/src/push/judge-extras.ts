import type { ObjectIdentity } from '../objects/object.ts'
import { identityKey } from '../objects/object.ts'
import type { Difference } from '../plan/compare.ts'
import { fileIdentity, isFile } from '../plan/file-identity.ts'
import { documentId } from '../plan/holdings.ts'
import type { HeldDocument } from '../plan/holdings.ts'
import type { Change } from '../plan/window.ts'
import { isGone } from './deletions.ts'
import type { FolderView } from './folder-view.ts'
import type { Member } from './member.ts'
import { isManifest, isRead, learn } from './survey.ts'

/** What is ours and no object wants: which of it may go. The rest are orphans. */
export async function judgeExtras(
  member: Member,
  folder: FolderView,
  { extras, leftovers }: Pick<Difference, 'extras' | 'leftovers'>,
): Promise<Change[]> {
  const { holdings, inventory, desired, held } = member
  const isMirror = member.settings.prune === 'Always'
  member.leftovers.beginJudging()
  if (isMirror) return judgeStrangers(member, folder, { extras, leftovers })
  const own = extras.filter(({ path }) => inventory.has(path))
  const rest = leftovers.filter(({ path, document }) => inventory.has(documentId(path, document.key ?? '')))
  const deletes: Change[] = []
  if (member.settings.prune === 'Owned') await learn(member, folder, own)
  let orphans = 0
  for (const { path, oid } of own) {
    const objects = (holdings.readingOf({ path, oid })?.documents ?? []).filter(({ key }) => key !== null)
    // Of several objects in a file those are ours that were written there.
    const isOurs = ({ key }: HeldDocument): boolean => isRead(member) && inventory.has(documentId(path, key ?? ''))
    const ours = objects.length > 1 ? objects.filter(isOurs) : objects
    if (ours.length === 0 && !held.hasPath(path)) orphans++
    rest.push(...ours.map((document) => ({ path, document })))
  }
  for (const { path, document } of rest) {
    const { identity } = document
    if (identity === null || held.has(documentId(path, identityKey(identity)))) continue
    if (isLeftAlone(member, identity)) continue
    orphans++
    if (member.settings.prune !== 'Owned') continue
    if (!member.port.knows(identity)) {
      member.leftovers.postpone(identity)
      continue
    }
    if (isLeftBehind(member, path)) {
      const { author } = member.settings
      deletes.push({
        path,
        identity: fileIdentity(path),
        action: 'Delete',
        oid: null,
        author,
        time: member.clock.now(),
      })
      orphans--
      continue
    }
    // A copy of what is elsewhere.
    if (desired.ofObject(identityKey(identity)) !== undefined) continue
    if (!(await member.leftovers.asks(identity, () => isGone(member, identity)))) continue
    const { author } = member.settings
    deletes.push({ path, identity, action: 'Delete', oid: null, author, time: member.clock.now() })
    orphans--
  }
  member.leftovers.judged(orphans)
  return deletes
}

/** A file that nobody looks into, whose object has moved away from it. */
function isLeftBehind({ desired, inventory }: Member, path: string): boolean {
  const owner = inventory.ownerOf(path)
  return owner !== undefined && desired.ofObject(identityKey(owner)) !== undefined && !desired.isWanted(path)
}

/** Its file is neither written nor removed. */
const isLeftAlone = ({ port }: Member, identity: ObjectIdentity): boolean => port.leavesAlone?.(identity) === true

/**
 * With `prune: Always`: which of what no object wants may go. Not while anything that is selected cannot be read, and of objects
 * only those whose kind is served, and that are not there, or are of a kind or namespace that is not selected. About these nothing
 * is asked: what the account may not read, Git must not tell.
 */
async function judgeStrangers(
  member: Member,
  folder: FolderView,
  { extras, leftovers }: Pick<Difference, 'extras' | 'leftovers'>,
): Promise<Change[]> {
  const { holdings, held } = member
  const manifests = extras.filter(({ path }) => isManifest(path))
  await learn(member, folder, manifests)
  const found: { readonly path: string; readonly identity: ObjectIdentity }[] = []
  for (const { path, oid } of extras) {
    const documents = (isManifest(path) ? holdings.readingOf({ path, oid })?.documents : undefined) ?? []
    const isMoved = isLeftBehind(member, path)
    const identities = isMoved ? [] : documents.flatMap(({ identity }) => identity ?? [])
    // What is not edited goes as a whole.
    const isWhole = identities.length === 0 || (identities.length > 1 && !isRead(member))
    found.push(...(isWhole ? [fileIdentity(path)] : identities).map((identity) => ({ path, identity })))
  }
  for (const { path, document } of leftovers) {
    if (document.identity !== null) found.push({ path, identity: document.identity })
  }
  const strangers = found.filter(
    ({ path, identity }) => !held.has(documentId(path, identityKey(identity))) && !isLeftAlone(member, identity),
  )
  const deletes: Change[] = []
  const { author } = member.settings
  for (const { path, identity } of strangers) {
    if (!member.port.complete()) {
      if (!isFile(identity)) member.leftovers.postpone(identity)
    } else if (isFile(identity) || (await mayGo(member, identity))) {
      deletes.push({ path, identity, action: 'Delete', oid: null, author, time: member.clock.now() })
    }
  }
  member.leftovers.judged(strangers.length - deletes.length)
  return deletes
}

async function mayGo(member: Member, identity: ObjectIdentity): Promise<boolean> {
  if (!member.port.knows(identity)) return await member.port.isServed(identity)
  return await member.leftovers.asks(identity, () => isGone(member, identity))
}
