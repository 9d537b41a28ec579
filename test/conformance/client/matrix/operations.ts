import type { Operation } from './operation.ts'
import { READ_OPERATIONS } from './reading.ts'
import { REF_OPERATIONS } from './refs.ts'
import { EDIT_OPERATIONS } from './writing.ts'

/** Every operation of the client, in the order of the page. */
export const OPERATIONS: readonly Operation[] = [...READ_OPERATIONS, ...EDIT_OPERATIONS, ...REF_OPERATIONS]
