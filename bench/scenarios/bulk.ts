import type { Scenario, Task } from '../scenario.ts'
import { COLD_WRITE } from './write.ts'

const FOLDERS = 10

/** New files of 0.4 KB in ten new folders. */
function newFiles(count: number): Task['put'] {
  return Array.from({ length: count }, (_, i) => ({
    path: `bulk/folder-${i % FOLDERS}/file-${i}.json`,
    content: `{\n  "number": ${i},\n  "text": "${`file ${i} of ${count}, `.repeat(16)}"\n}\n`,
  }))
}

export const bulk100: Scenario = {
  name: 'bulk-100',
  title: '100 new files, one commit, cold',
  task: () => ({ put: newFiles(100) }),
  clients: COLD_WRITE,
}

export const bulk1000: Scenario = {
  name: 'bulk-1000',
  title: '1,000 new files, one commit, cold',
  core: true,
  task: () => ({ put: newFiles(1_000) }),
  clients: COLD_WRITE,
}
