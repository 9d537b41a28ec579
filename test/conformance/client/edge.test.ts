import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runInNewContext } from 'node:vm'
import { transform } from 'esbuild'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleEdge } from '../../../scripts/bundle.ts'
import { component } from '../../kit/components/index.ts'
import { useEngine } from '../../kit/edge/use-engine.ts'
import type { Visit } from '../../kit/edge/use-engine.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'

let folder: string
let file: string
let remote: Remote
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gitsync-edge-'))
  ;({ file } = await bundleEdge(folder))
  remote = await startRemote({ cors: true })
})
afterAll(async () => {
  await remote.stop()
  await rm(folder, { recursive: true, force: true })
})

async function repository(name: string): Promise<TestRepository> {
  const store = await remote.createRepository(name)
  await store.commitFiles({ 'greeting.txt': 'hin und ' })
  return store
}

async function expectVisited(visit: unknown, store: TestRepository): Promise<void> {
  expect(visit).toEqual({
    refs: ['HEAD', 'refs/heads/main'],
    before: 'hin und ',
    after: 'hin und zurück\n',
    status: 'pushed',
    paths: ['from/large.bin', 'from/worker.txt', 'greeting.txt'],
    refused: 'Unsupported',
    node: [],
  } satisfies Visit)
  await store.fsck()
  expect(await store.git('log', '-1', '--format=%an %s', 'main')).toBe('Wörker From a worker')
  expect(await store.readFile('main', 'from/large.bin')).toEqual(Buffer.alloc(300_000, 7))
}

/** What a runtime at the edge has besides the language. */
const WEB = {
  AbortController,
  AbortSignal,
  Blob,
  CompressionStream,
  DecompressionStream,
  fetch,
  Headers,
  performance,
  ReadableStream,
  Response,
  setTimeout,
  clearTimeout,
  TextDecoder,
  TextEncoder,
  URL,
}

test('the edge bundle reads, edits and pushes where nothing of Node is', async () => {
  const store = await repository('worker.git')
  const { code } = await transform(await readFile(file, 'utf8'), { format: 'iife', globalName: 'engine' })
  const visit = (await runInNewContext(`${code}; (${useEngine.toString()})(engine, url)`, {
    ...WEB,
    url: store.url,
  })) as Visit
  await expectVisited(structuredClone(visit), store)
})

test('and in a worker of a browser', async () => {
  const store = await repository('browser.git')
  const script = `import * as engine from '/edge.js'
    const use = ${useEngine.toString()}
    use(engine, ${JSON.stringify(store.url)}).then(postMessage, (error) => postMessage(String(error)))`
  const pages: Record<string, [string, string | Buffer]> = {
    '/': ['text/html', '<!doctype html><title>edge</title>'],
    '/edge.js': ['text/javascript', await readFile(file)],
    '/worker.js': ['text/javascript', script],
  }
  const server = createServer(({ url = '' }, response) => {
    const [type, body] = pages[url] ?? ['text/plain', '']
    response.writeHead(pages[url] === undefined ? 404 : 200, { 'content-type': `${type}; charset=utf-8` }).end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await chromium.launch({
    executablePath: await component('chromium'),
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
    // As text: it runs in the page, whose names are not Node's.
    const visit = await page.evaluate(`new Promise((resolve, reject) => {
      const worker = new Worker('/worker.js', { type: 'module' })
      worker.onmessage = ({ data }) => resolve(data)
      worker.onerror = ({ message }) => reject(new Error(message))
    })`)
    await expectVisited(visit, store)
  } finally {
    await browser.close()
    server.close()
  }
}, 180_000)
