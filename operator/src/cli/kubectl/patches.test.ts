import { expect, test } from 'vitest'
import { patchOf } from './patches.ts'

// Who is asked whether to apply it has to see all of it.
test('a difference spells out what a terminal would not show', () => {
  const bytes = Buffer.from('run: "safe\u001b[2K\u202e"\r\n')
  const patch = patchOf({ path: 'a.yaml', bytes }, Buffer.from('run: safe\r\n'))
  expect(patch).toContain('+run: "safe\\x1b[2K\\u202e"\r\n')
})

test.each([['x\n'], [Uint8Array.of(0xff)]])('the name of a file begins no line of its own: %j', (content) => {
  const patch = patchOf({ path: 'a\n+++ b/c\n+evil', bytes: Buffer.from(content) }, undefined)
  expect(patch).not.toMatch(/^(?:\+\+\+ b\/c|\+evil)/m)
})
