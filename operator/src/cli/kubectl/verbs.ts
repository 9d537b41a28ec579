import type { Verb } from '../common/program.ts'
import { exportVerb } from '../export/export.ts'
import { commit } from './verbs/commit.ts'
import { completion } from './verbs/completion.ts'
import { diff } from './verbs/diff.ts'
import { explain } from './verbs/explain.ts'
import { log } from './verbs/log.ts'
import { preview } from './verbs/preview.ts'
import { reconcile } from './verbs/reconcile.ts'
import { restore } from './verbs/restore.ts'
import { show } from './verbs/show.ts'
import { status } from './verbs/status.ts'
import { resume, suspend } from './verbs/suspend.ts'

export const VERBS: readonly Verb[] = [
  status,
  diff,
  preview,
  log,
  show,
  restore,
  suspend,
  resume,
  commit,
  reconcile,
  explain,
  exportVerb,
  completion,
]
