import type { ObjectId } from '../format/object-id.ts'
import type { Session } from './session.ts'
import { lsRefs } from './wire/ls-refs.ts'

/** Null where the ref does not exist. One request. */
export async function currentTip(session: Session, ref: string): Promise<ObjectId | null> {
  return (await currentTips(session, [ref])).get(ref) ?? null
}

/** Where refs are; those that do not exist are left out. One request. */
export async function currentTips(session: Session, refs: readonly string[]): Promise<Map<string, ObjectId>> {
  const wanted = new Set(refs)
  const tips = new Map<string, ObjectId>()
  for (const { name, oid } of await lsRefs(session, refs)) if (wanted.has(name) && oid !== null) tips.set(name, oid)
  return tips
}
