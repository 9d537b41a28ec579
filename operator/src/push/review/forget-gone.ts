import type { Snapshot } from '@gitsync/protocol'
import { viewOf } from '../folder-view.ts'
import type { ReviewRound } from './review-round.ts'

/**
 * With a head goes a place where files were that are neither wanted nor anywhere else.
 * @param places the base, and other heads; with the members' folders read
 */
export function forgetGone({ repository, members }: ReviewRound, places: readonly Snapshot[]): void {
  for (const member of members) {
    // Of files that hold several objects each object is in the inventory.
    if (member.settings.shared === true) continue
    const left = places.flatMap((place) => viewOf(member, repository, place).files())
    const paths = [...member.desired.files(), ...left].map(({ path }) => path)
    member.inventory.keepOnly(paths)
  }
}
