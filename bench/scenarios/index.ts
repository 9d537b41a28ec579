import type { Scenario } from '../scenario.ts'
import { branchCommit } from './branch-commit.ts'
import { bulk100, bulk1000 } from './bulk.ts'
import { checkout } from './checkout.ts'
import { compare1, compare10, compareFar, compareHeld } from './compare.ts'
import { create, remove, update } from './edits.ts'
import { flatFolder, flatFolder50 } from './flat-folder.ts'
import { flatTree } from './flat-tree.ts'
import { history, historyOfPath } from './history.ts'
import { largeDown, largeUp } from './large-file.ts'
import { moved } from './moved.ts'
import { readDeep } from './read-deep.ts'
import { tenEdits } from './ten-edits.ts'
import { updateHeld } from './update-held.ts'
import { warmEdit } from './warm-edit.ts'

/** All scenarios, in the order of the report. */
export const SCENARIOS: readonly Scenario[] = [
  create,
  update,
  remove,
  updateHeld,
  warmEdit,
  moved,
  tenEdits,
  branchCommit,
  bulk100,
  bulk1000,
  flatFolder,
  flatFolder50,
  flatTree,
  readDeep,
  compare1,
  compare10,
  compareFar,
  compareHeld,
  history,
  historyOfPath,
  checkout,
  largeUp,
  largeDown,
]
