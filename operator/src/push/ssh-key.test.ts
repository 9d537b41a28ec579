import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { run } from '../../../test/kit/process/index.ts'
import { makeSshKey, publicHalf } from './ssh-key.ts'

const BASE64 = /^ssh-ed25519 (\S+) gitsync:shop\/sync$/

test('ssh-keygen takes the file for a key, and finds the same public half in it', async () => {
  const { privateKey, publicKey } = makeSshKey('gitsync:shop/sync')
  const dir = await mkdtemp(join(tmpdir(), 'ssh-key-'))
  try {
    const file = join(dir, 'key')
    await writeFile(file, privateKey, { mode: 0o600 })
    expect((await run('ssh-keygen', ['-y', '-f', file])).stdout.toString().trim()).toBe(publicKey)
  } finally {
    await rm(dir, { recursive: true })
  }
})

test('a public half is whole also where it begins with a zero, and is found in the private key', () => {
  let first = -1
  // One key in 256 does.
  for (let i = 0; first !== 0 && i < 20_000; i++) {
    const { privateKey, publicKey } = makeSshKey('gitsync:shop/sync')
    const blob = Buffer.from(BASE64.exec(publicKey)?.[1] ?? '', 'base64')
    expect(blob).toHaveLength(4 + 'ssh-ed25519'.length + 4 + 32)
    first = blob[blob.length - 32] ?? -1
    expect(publicKey).toBe(`${publicHalf(privateKey)} gitsync:shop/sync`)
  }
  expect(first).toBe(0)
})

test('other formats have no public half here', () => {
  expect(publicHalf('-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\n')).toBeUndefined()
  expect(publicHalf('')).toBeUndefined()
})
