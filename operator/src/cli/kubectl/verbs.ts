import type { Verb } from '../common/program.ts'
import { diff } from './verbs/diff.ts'
import { preview } from './verbs/preview.ts'
import { status } from './verbs/status.ts'

export const VERBS: readonly Verb[] = [status, diff, preview]
