import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SHA1 } from '../../format/object-id.ts'
import type { RepositoryState } from '../store/repository-store.ts'
import type { RefCommand } from './commands.ts'
import { updateRefs } from './update-refs.ts'

const NAMES = [
  'refs/heads/main',
  'refs/heads/a',
  'refs/heads/a/b',
  'refs/heads/a/b/c',
  'refs/tags/v',
  'HEAD',
  'refs/heads/..',
]
const oid = fc.constantFrom('1', '2', '3').map((digit) => digit.repeat(40))
const orNone = fc.option(oid)
const state = fc
  .dictionary(fc.constantFrom('refs/heads/main', 'refs/heads/a/b', 'refs/tags/v'), oid)
  .map((refs): RepositoryState => ({
    id: 'r',
    format: SHA1,
    head: 'refs/heads/main',
    refs: new Map(Object.entries(refs).map(([name, id]) => [name, { oid: id }])),
    packs: [],
    retired: [],
  }))
const commands = fc.uniqueArray(fc.record({ ref: fc.constantFrom(...NAMES), old: orNone, new: orNone }), {
  selector: ({ ref }: RefCommand) => ref,
  maxLength: 5,
})
const valuesOf = (refs: RepositoryState['refs']): Record<string, string> =>
  Object.fromEntries([...refs].map(([name, ref]) => [name, ref.oid]))

test('a ref goes where a command says if it was where the command says, and no ref goes anywhere else', () => {
  fc.assert(
    fc.property(state, commands, fc.boolean(), (before, wanted, isAtomic) => {
      const how = { refused: new Map(), peeled: new Map(), isAtomic }
      const { results, refs, head } = updateRefs(before, wanted, how)
      const now = valuesOf(refs)
      const taken = wanted.filter(({ ref }) => results.get(ref) === null)
      expect([...results.keys()].sort()).toEqual(wanted.map(({ ref }) => ref).sort())
      if (isAtomic) expect([0, wanted.length]).toContain(taken.length)
      for (const { ref, old, new: next } of taken) {
        expect(before.refs.get(ref)?.oid ?? null).toBe(old)
        expect(now[ref] ?? null).toBe(next)
      }
      const untouched = valuesOf(before.refs)
      for (const { ref } of taken) {
        delete untouched[ref]
        delete now[ref]
      }
      expect(now).toEqual(untouched)
      // No ref is a folder of another, and nothing has a name that git refuses.
      const names = [...refs.keys()]
      for (const name of names) expect(names.some((other) => other.startsWith(`${name}/`))).toBe(false)
      expect(names).not.toContain('HEAD')
      expect(names).not.toContain('refs/heads/..')
      const hasBranch = names.some((name) => name.startsWith('refs/heads/'))
      if (hasBranch && taken.length > 0) expect(names).toContain(head)
    }),
    { numRuns: 2_000 },
  )
})

test('very many new refs among very many', () => {
  const refs = new Map(Array.from({ length: 100_000 }, (_, i) => [`refs/heads/there/${i}`, { oid: '1'.repeat(40) }]))
  const wanted = Array.from({ length: 10_000 }, (_, i) => ({ ref: `refs/tags/${i}`, old: null, new: '1'.repeat(40) }))
  const before: RepositoryState = { id: 'r', format: SHA1, head: 'refs/heads/main', refs, packs: [], retired: [] }
  const how = { refused: new Map(), peeled: new Map(), isAtomic: false }
  const { results } = updateRefs(before, [...wanted, { ref: 'refs/heads/there', old: null, new: '1'.repeat(40) }], how)
  expect([...results].filter(([, why]) => why !== null)).toEqual([
    ['refs/heads/there', 'refs whose names begin with it are in the way'],
  ])
})
