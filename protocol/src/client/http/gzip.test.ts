import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gzipped } from './gzip.ts'

test('bodies are compressed above one KiB, where that makes them shorter', async () => {
  const wants = Array.from({ length: 100 }, (_, i) => Buffer.from(`0032want ${String(i).padStart(40, '0')}\n`))
  const packed = await gzipped(wants)
  expect(gunzipSync(packed ?? '')).toEqual(Buffer.concat(wants))
  expect(await gzipped([Buffer.alloc(1024)])).toBeUndefined()
  expect(await gzipped([crypto.getRandomValues(new Uint8Array(4096))])).toBeUndefined()
})
