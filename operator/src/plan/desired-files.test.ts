import fc from 'fast-check'
import { expect, test } from 'vitest'
import { DesiredFiles } from './desired-files.ts'
import type { DesiredFile } from './desired-files.ts'

const file = (key: string, path: string, oid: string): DesiredFile => ({
  key,
  path,
  oid,
  identity: { group: '', kind: 'ConfigMap', namespace: 'shop', name: key },
})

const PATHS = ['p0', 'p1', 'p2', 'p3']

const step = fc.oneof(
  fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    path: fc.constantFrom(...PATHS),
    oid: fc.constantFrom('1', '2'),
  }),
  fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e'), path: fc.constant(null), oid: fc.constant('') }),
)

/** The plainest thing that could be right: what each object wants, and nothing derived. */
class Model {
  readonly wants = new Map<string, DesiredFile>()

  wanting(path: string): DesiredFile[] {
    return [...this.wants.values()].filter((each) => each.path === path)
  }

  at(path: string): DesiredFile | undefined {
    const [first, ...others] = this.wanting(path)
    return others.length === 0 ? first : undefined
  }
}

test('answers as a plain list of wishes does, whatever conflicts come and go', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const files = new DesiredFiles()
      const model = new Model()
      for (const { key, path, oid } of steps) {
        const before = new Map(PATHS.map((each) => [each, model.at(each)]))
        const old = model.wants.get(key)
        let changed: string[]
        if (path === null) {
          changed = files.delete(key)
          model.wants.delete(key)
        } else {
          changed = files.set(file(key, path, oid))
          model.wants.set(key, file(key, path, oid))
        }
        for (const each of PATHS) {
          expect(files.at(each)).toEqual(model.at(each))
          expect(files.isWanted(each)).toBe(model.wanting(each).length > 0)
          // Whatever is different at a path now is told.
          if (before.get(each)?.oid !== model.at(each)?.oid || before.get(each)?.key !== model.at(each)?.key) {
            expect(changed).toContain(each)
          }
        }
        // Nothing is told of paths that the object has nothing to do with, and nothing twice.
        expect([old?.path, path]).toEqual(expect.arrayContaining(changed))
        expect(new Set(changed).size).toBe(changed.length)
        if (path === null && old === undefined) expect(changed).toEqual([])
        if (old !== undefined && old.path === path && old.oid === oid) expect(changed).toEqual([])
        expect(files.ofObject(key)).toEqual(model.wants.get(key))
      }
      const alone = PATHS.flatMap((path) => model.at(path) ?? [])
      expect([...files.files()].map(({ key }) => key).sort()).toEqual(alone.map(({ key }) => key).sort())
      expect(files.size).toBe(alone.length)
      expect([...files.keys()].sort()).toEqual([...model.wants.keys()].sort())
      const conflicts = PATHS.filter((path) => model.wanting(path).length > 1)
      expect(files.hasConflicts).toBe(conflicts.length > 0)
      const told = [...files.conflicts()].map(({ path, objects }) => [path, objects.map(({ name }) => name).sort()])
      expect(new Map(told as [string, string[]][])).toEqual(
        new Map(
          conflicts.map((path) => [
            path,
            model
              .wanting(path)
              .map(({ key }) => key)
              .sort(),
          ]),
        ),
      )
    }),
    { numRuns: 500 },
  )
})

test('an object that moves frees its old path, and the last of several takes it', () => {
  const files = new DesiredFiles()
  files.set(file('a', 'p', '1'))
  files.set(file('b', 'p', '2'))
  expect(files.at('p')).toBeUndefined()
  expect(files.set(file('a', 'q', '1'))).toEqual(['p', 'q'])
  expect(files.at('p')?.key).toBe('b')
  expect(files.hasConflicts).toBe(false)
})

test('with a file that nobody looks into nothing else is at its path, also where objects share files, and it moves as it says', () => {
  const files = new DesiredFiles({ shared: true, stays: true })
  const opaque = (key: string, path: string): DesiredFile => ({ ...file(key, path, key), isOpaque: true })
  files.set(file('a', 'p', '1'))
  files.set(file('b', 'p', '2'))
  expect(['a', 'b'].map((key) => files.isWritable(key))).toEqual([true, true])
  files.set(opaque('c', 'p'))
  expect(['a', 'b', 'c'].map((key) => files.isWritable(key))).toEqual([false, false, false])
  expect(files.set(opaque('c', 'q'))).toEqual(['p', 'q'])
  expect(['a', 'b', 'c'].map((key) => files.isWritable(key))).toEqual([true, true, true])
  files.set(opaque('d', 'q'))
  expect(files.isWritable('c')).toBe(false)
  files.delete('d')
  expect(files.isWritable('c')).toBe(true)
  // As a manifest it stays where it is.
  files.set(file('c', 'elsewhere', '3'))
  files.set(file('c', 'p', '3'))
  expect(files.ofObject('c')?.path).toBe('elsewhere')
  expect(files.isWritable('a')).toBe(true)
})
