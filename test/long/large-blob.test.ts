import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run } from '../kit/process/index.ts'

const SIZE = 2 ** 30
/** Megabytes that a process may take at its peak, Node itself (47) and garbage that it has not collected yet included. */
const MAX_MEMORY = 120
const FORMAT = new URL('../../protocol/src/format', import.meta.url).pathname

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-large-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Runs a script in a process of its own, bundled as users run it; gives what it prints, and its peak of memory in MB. */
async function measured(name: string, contents: string): Promise<{ printed: string; memory: number }> {
  const outfile = join(folder, `${name}.mjs`)
  const script = `${contents}\nconsole.log(process.resourceUsage().maxRSS / 1024)`
  await build({
    stdin: { contents: script, resolveDir: FORMAT, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    logLevel: 'error',
  })
  const { stdout } = await run(process.execPath, [outfile], { timeout: 1_800_000 })
  const [printed = '', memory] = stdout.toString().trim().split('\n')
  return { printed, memory: Number(memory) }
}

const WRITE = (content: string, pack: string): string => `
  import { createWriteStream } from 'node:fs'
  import { pipeline } from 'node:stream/promises'
  import { packBody } from './pack-writer.ts'
  import { spoolBlob } from './spool-blob.ts'
  import { SHA1 } from './object-id.ts'
  import { temporarySpill } from '../platform/node/spill.ts'
  const piece = Buffer.from(${content})
  async function* content() {
    for (let i = 0; i < ${SIZE} / piece.length; i++) {
      piece.writeUInt32LE(i)
      yield Buffer.from(piece)
    }
  }
  const spill = temporarySpill()
  const blob = await spoolBlob(content(), { format: SHA1, spill, size: ${SIZE} })
  await pipeline(packBody([blob], SHA1).chunks(), createWriteStream(${JSON.stringify(pack)}))
  await spill.close()
  console.log(blob.oid)`

const READ = (pack: string): string => `
  import { createReadStream } from 'node:fs'
  import { readPack } from './pack-reader.ts'
  import { SHA1 } from './object-id.ts'
  const large = async ({ chunks }) => {
    let length = 0
    for await (const chunk of chunks) length += chunk.length
    return length
  }
  const limits = { maxObjects: 10, maxObjectBytes: 1 << 20, maxHeldBytes: 1 << 20 }
  for await (const blob of readPack(createReadStream(${JSON.stringify(pack)}), { format: SHA1, limits, large })) {
    if (blob.streamed !== ${SIZE}) throw new Error('it has ' + blob.streamed + ' bytes')
    console.log(blob.oid)
  }`

test.each([
  ['all alike', `new Uint8Array(1 << 16)`],
  ['noise', `crypto.getRandomValues(new Uint8Array(1 << 16))`],
])(`a blob of 1 GiB, %s, is sent and received within ${MAX_MEMORY} MB`, async (name, content) => {
  const pack = join(folder, `${name}.pack`)
  const written = await measured(`write ${name}`, WRITE(content, pack))
  const read = await measured(`read ${name}`, READ(pack))
  console.log(`${name}: ${written.memory.toFixed(0)} MB to write, ${read.memory.toFixed(0)} MB to read`)
  expect(read.printed).toBe(written.printed)
  expect(written.memory).toBeLessThan(MAX_MEMORY)
  expect(read.memory).toBeLessThan(MAX_MEMORY)
})
