import { expect, test } from 'vitest'
import { ByteReader } from '../../format/byte-reader.ts'
import { FLUSH, packetLine } from '../../format/packet-line.ts'
import { resolveLimits } from '../limits.ts'
import type { Remote } from '../remote/remote.ts'
import { Session } from '../session.ts'
import { lsRefs } from './ls-refs.ts'

test('a listing is read to its end: only then its connection is free for the next', async () => {
  let isAtEnd = false
  async function* listing(): AsyncGenerator<Uint8Array> {
    yield Buffer.concat([packetLine(`${'a'.repeat(40)} refs/heads/main\n`), FLUSH])
    isAtEnd = true
  }
  const remote: Partial<Remote> = {
    limits: resolveLimits(),
    uploadPack: () => Promise.resolve(new ByteReader(listing())),
  }
  expect(await lsRefs(new Session(remote as Remote, { oneFetchBytes: 0 }), [])).toHaveLength(1)
  expect(isAtEnd).toBe(true)
})
