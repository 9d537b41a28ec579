import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { git } from '../../../test/kit/remote/git.ts'
import { blobId, isObjectId, objectFormat, objectId, SHA1, SHA256 } from './object-id.ts'

let scratch: string
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-ids-'))
})
afterAll(() => rm(scratch, { recursive: true, force: true }))

describe.each([SHA1, SHA256])('$name', (format) => {
  const hash = async (type: string, input: Uint8Array): Promise<string> => {
    const dir = join(scratch, format.name)
    await git(scratch, scratch, ['init', '--quiet', '--bare', `--object-format=${format.name}`, dir])
    return await git(dir, scratch, ['hash-object', '--literally', '-t', type, '--stdin'], { input })
  }

  test.each([0, 1, 255, 4095, 4096, 4097, 100_000])('ids of %i bytes are those of git hash-object', async (size) => {
    const bytes = Buffer.from(Array.from({ length: size }, (_, i) => (i * 7919) % 256))
    for (const type of ['blob', 'tree', 'commit', 'tag'] as const) {
      expect(objectId(format, type, bytes)).toBe(await hash(type, bytes))
    }
    expect(blobId(bytes, format)).toBe(objectId(format, 'blob', bytes))
  })

  test('a view into a larger buffer hashes its own bytes only', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 6000 }), fc.nat(50), (body, before) => {
        const whole = Buffer.concat([Buffer.alloc(before, 1), body, Buffer.alloc(9, 2)])
        expect(blobId(whole.subarray(before, before + body.length), format)).toBe(blobId(Uint8Array.from(body), format))
      }),
    )
  })

  test('the constants', () => {
    expect(objectId(format, 'tree', Buffer.alloc(0))).toBe(format.emptyTree)
    expect([format.zero.length, format.emptyTree.length]).toEqual([format.size * 2, format.size * 2])
    expect(objectFormat(format.name)).toBe(format)
  })
})

test('object ids are 40 or 64 lower-case hex digits, and nothing else', () => {
  expect(['a'.repeat(40), '0'.repeat(64)].every(isObjectId)).toBe(true)
  const wrong = [
    '',
    'a'.repeat(39),
    'a'.repeat(41),
    'A'.repeat(40),
    `${'a'.repeat(40)}\n`,
    'g'.repeat(40),
    'a'.repeat(128),
  ]
  expect(wrong.filter(isObjectId)).toEqual([])
  expect(objectFormat('md5')).toBeUndefined()
})
