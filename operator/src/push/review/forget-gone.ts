import type { Snapshot } from '@gitsync/protocol'
import { viewOf } from '../folder-view.ts'
import type { ReviewRound } from './review-round.ts'

/**
 * With the head goes the last place where files were that are neither wanted nor in the base.
 * @param base with the members' folders read
 */
export function forgetGone({ repository, members }: ReviewRound, base: Snapshot): void {
  for (const member of members) {
    // Of files that hold several objects each object is in the inventory.
    if (member.settings.shared === true) continue
    const left = viewOf(member, repository, base).files()
    const paths = [...member.desired.files(), ...left].map(({ path }) => path)
    member.inventory.keepOnly(paths)
  }
}
