import { Edit, isGitError, SHA1, Snapshot } from '@gitsync/protocol'
import type { GitErrorCode } from '@gitsync/protocol'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { applicable, apply, operations, stage } from '../../../../test/kit/edit-model.ts'
import type { Model } from '../../../../test/kit/edit-model.ts'
import { buildTrees } from '../../format/build-trees.ts'
import { blobId } from '../../format/object-id.ts'
import { Mode } from '../../format/tree.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import type { Remote } from '../remote/remote.ts'
import { Session } from '../session.ts'

const author = { name: 'Ann', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') }

/** Nothing is read: every tree is at hand. */
const session = new Session({ limits: DEFAULT_LIMITS } as Remote, { oneFetchBytes: 0 })

function treesOf(model: Model): ReturnType<typeof buildTrees> {
  const files = [...model].map(([path, { mode, content }]) => ({
    path,
    mode,
    oid: mode === Mode.gitlink ? content : blobId(Buffer.from(content)),
  }))
  return buildTrees(files, SHA1)
}

function editOf(model: Model): Edit {
  const { root, trees } = treesOf(model)
  const commit = 'c'.repeat(40)
  return new Edit(session, new Snapshot({ ref: 'refs/heads/main', tip: commit, commit, root, format: SHA1 }, trees))
}

const start = fc.array(operations, { maxLength: 30 }).map((all) => applicable(new Map(), all).model)

test('any sequence of changes, in one commit or several, gives the tree of the files that it leaves', async () => {
  const sequences = fc.array(fc.array(operations, { maxLength: 12 }), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(start, sequences, async (from, commits) => {
      const edit = editOf(from)
      let model = from
      for (const wanted of commits) {
        const before = model
        const applied = applicable(model, wanted)
        model = applied.model
        for (const operation of applied.operations) {
          stage(edit, operation)
          await edit.exists('a')
        }
        expect((await edit.list('', { recursive: true })).map(({ path }) => path)).toEqual(
          [...model.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
        )
        const commit = await edit.commit({ message: 'm', author })
        expect(commit === null).toBe(treesOf(before).root === treesOf(model).root)
      }
      const { snapshot } = await edit.push({ dryRun: true })
      expect(snapshot.root).toBe(treesOf(model).root)
    }),
    { numRuns: 1000, seed: 4 },
  )
})

test('a change that cannot be made fails the commit with the code of what is wrong', async () => {
  const codes = new Set<GitErrorCode>()
  await fc.assert(
    fc.asyncProperty(start, fc.array(operations, { maxLength: 4 }), operations, async (from, before, last) => {
      const { operations: made, model } = applicable(from, before)
      let code: GitErrorCode | undefined
      try {
        apply(model, last)
      } catch (error) {
        if (!isGitError(error)) throw error
        code = error.code
        codes.add(code)
      }
      const edit = editOf(from)
      for (const operation of [...made, last]) stage(edit, operation)
      const commit = edit.commit({ message: 'm', author })
      if (code === undefined) await commit
      else await expect(commit).rejects.toMatchObject({ code })
    }),
    { numRuns: 1000, seed: 5 },
  )
  expect([...codes].sort()).toEqual(['PathNotFound', 'TargetExists', 'UnexpectedType'])
})
