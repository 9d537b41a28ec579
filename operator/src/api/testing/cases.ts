/** Specs that must be refused, or accepted, by the API server and in process alike; for the tests of both. */
import { COMMIT } from './refused-commit.ts'
import { CONTENT } from './refused-content.ts'
import { PLACE } from './refused-place.ts'
import { PUSH } from './refused-push.ts'
import { SELECTION } from './refused-selection.ts'
import type { RefusedCase } from './spec.ts'

export { ACCEPTED } from './accepted.ts'
export { MINIMAL_SPEC } from './spec.ts'

export const REFUSED: readonly RefusedCase[] = [...PLACE, ...PUSH, ...SELECTION, ...COMMIT, ...CONTENT]
