import { seeded } from '../test/chaos/random.ts'
import { contentOf } from './layout.ts'
import type { Layout } from './layout.ts'

const FIRST_COMMIT = 1_700_000_000
/** The hot file is edited so often, over the whole history. */
const HOT_EDITS = 60

/** The history as git-fast-import(1) reads it: all files in the first commit, then commits that each edit one to three files of a folder. */
export function* historyOf({ size, files, hot }: Layout): Generator<string> {
  const random = seeded(size.files)
  const nested = size.files - size.flatFiles
  const every = Math.max(3, Math.floor(size.commits / HOT_EDITS))
  const hotFile = files.indexOf(hot)
  for (let commit = 0; commit < size.commits; commit++) {
    const who = `Bench <bench@example.com> ${FIRST_COMMIT + commit * 60} +0000`
    yield `commit refs/heads/main\nauthor ${who}\ncommitter ${who}\ndata 5\nEdit\n\n`
    const first = random.int(nested)
    const edited =
      commit === 0
        ? files.keys()
        : commit % every === 0
          ? [hotFile]
          : Array.from({ length: 1 + random.int(3) }, (_, i) => (first + i * size.folders) % nested)
    for (const file of edited) {
      const content = contentOf(file, commit)
      yield `M 644 inline ${files[file]}\ndata ${content.length}\n${content}\n`
    }
  }
}
