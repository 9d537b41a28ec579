import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { isRefName } from '../../format/ref-name.ts'
import { RefLines } from './ref-lines.ts'

const oid = 'a'.repeat(40)
const tag = 'b'.repeat(40)
const remote = { redact: (text: string) => text.replaceAll('s3cret', '***') }

function refsOf(lines: readonly string[], capabilities: readonly string[] = []) {
  const all = new RefLines()
  for (const line of lines) all.add(line, remote)
  return all.refs(capabilities)
}

test('a peeled line belongs to the tag before it, a symbolic ref to its capability', () => {
  const lines = [`${oid} HEAD`, `${oid} refs/heads/main`, `${tag} refs/tags/v1`, `${oid} refs/tags/v1^{}`]
  expect(refsOf(lines, ['ofs-delta', 'symref=HEAD:refs/heads/main'])).toEqual([
    { name: 'HEAD', oid, symref: 'refs/heads/main' },
    { name: 'refs/heads/main', oid },
    { name: 'refs/tags/v1', oid: tag, peeled: oid },
  ])
})

test('what is there for other reasons is no ref', () => {
  expect(refsOf([`${'0'.repeat(40)} capabilities^{}`])).toEqual([])
  expect(refsOf([`${oid} refs/heads/main`, `shallow ${tag}`])).toHaveLength(1)
  expect(refsOf([`${oid} refs/heads/main`, `${oid} refs/tags/other^{}`])).toEqual([{ name: 'refs/heads/main', oid }])
})

test.each(['', oid, `${oid} `, 'xyz refs/heads/main', `${oid.slice(1)} refs/heads/main`])(
  '%j is no line of a listing',
  (line) => {
    expect(() => refsOf([line])).toThrowError(expect.objectContaining({ code: 'Malformed' }))
  },
)

test('no secret that a server says back is shown', () => {
  expect(() => refsOf(['your token s3cret'])).not.toThrowError(/s3cret/)
})

test('any names that Git allows come back as they were', () => {
  const name = fc.stringMatching(/^refs\/heads\/[!-~]{1,30}$/).filter(isRefName)
  fc.assert(
    fc.property(fc.array(name), (names) => {
      expect(refsOf(names.map((each) => `${oid} ${each}`)).map((ref) => ref.name)).toEqual(names)
    }),
  )
})
