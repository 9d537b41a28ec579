import { identityKey } from '../objects/object.ts'
import type { Batch, Change } from '../plan/window.ts'
import { renderMessage } from '../render/message.ts'
import { addToSubject, addTrailers, trailerLines, TRAILERS, withoutTrailers } from '../render/trailers.ts'
import type { Member } from './member.ts'

/** The whole message of a commit with these changes of a batch: what people or the template say, the token for CI, the trailers. */
export function commitMessage(member: Member, batch: Batch, changes: readonly Change[]): string {
  const { message: template, claim, trailers = [] } = member.settings
  const { cluster } = claim
  const text =
    batch.message ??
    renderMessage(template, {
      changes: changes.map(({ action, identity, origin }) => ({ action, ...identity, manager: origin?.via })),
      gitsync: member.name,
      author: batch.author,
      cluster,
      time: `${new Date(batch.time).toISOString().slice(0, 19)}Z`,
    })
  const lines = trailerLines(trailers, {
    changes: changes.map(({ identity, origin }) => ({ object: identityKey(identity), ...origin })),
    cluster,
  })
  lines.push(...(batch.trailers ?? []))
  // States between may be missing, and whoever reads the history should know.
  if (batch.compared !== undefined) lines.push(`Gitsync-Compared: ${batch.compared}`)
  return finish(member, withoutTrailers(text, trailers.length === 0 ? [] : TRAILERS), lines)
}

/** The message of a commit that changes no object. */
export function claimMessage(member: Member, takenOver: boolean): string {
  const { path, trailers = [], claim } = member.settings
  const lines = trailerLines(trailers, { changes: [], cluster: claim.cluster })
  return finish(member, `${takenOver ? 'Take over' : 'Claim'} ${path} for ${member.name}\n`, lines)
}

function finish({ settings: { skipCI } }: Member, text: string, trailers: readonly string[]): string {
  return addTrailers(skipCI === undefined ? text : addToSubject(text, skipCI), trailers)
}
