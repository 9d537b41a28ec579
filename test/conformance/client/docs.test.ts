import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as protocol from '@gitsync/protocol'
import * as node from '@gitsync/protocol/node'
import * as sign from '@gitsync/protocol/sign'
import * as testing from '@gitsync/protocol/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CommandError, run } from '../../kit/process/index.ts'
import { startRemote } from '../../kit/remote/index.ts'
import type { Remote, TestRepository } from '../../kit/remote/index.ts'
import { startSshServer } from '../../kit/ssh/index.ts'
import type { SshServer } from '../../kit/ssh/index.ts'

const root = join(import.meta.dirname, '../../..')
const pages = [
  ...readdirSync(join(root, 'docs/engine'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/engine/${name}`),
  'protocol/README.md',
]

interface Block {
  readonly name: string
  readonly code: string
}

const blocks = pages.flatMap((page): Block[] => {
  const text = readFileSync(join(root, page), 'utf8')
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code = ''], index) => ({
    name: `${page} ${index + 1}`,
    code,
  }))
})

/** What the pages say that there is; the rest a block brings itself. */
const GIVEN = {
  token: 'string',
  folder: 'string',
  ann: 'Identity',
  redis: 'Redis',
  repo: 'Repository',
  openRepository: 'typeof open',
}
const HOST = 'https://git.example.com/'

let scratch: string
let remote: Remote
let ssh: SshServer
let count = 0
const secrets = new Map<string, string>()
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-docs-'))
  ;[remote, ssh] = await Promise.all([startRemote(), startSshServer()])
  for (const name of ['deploy-key', 'signing-key']) secrets.set(`/run/secrets/${name}`, ssh.privateKey)
  secrets.set('/run/secrets/known_hosts', ssh.knownHosts)
  secrets.set('/run/secrets/allowed_signers', `* ${await readFile(`${ssh.keyFile}.pub`, 'utf8')}`)
  for (const [name, text] of await makeKeys()) secrets.set(`/run/secrets/${name}`, text)
})
afterAll(async () => {
  await run('gpgconf', ['--kill', 'all'], { env: gpgEnvironment() })
  await Promise.all([remote.stop(), ssh.stop()])
  await rm(scratch, { recursive: true, force: true })
})

const gpgEnvironment = () => ({ PATH: process.env['PATH'], HOME: scratch, GNUPGHOME: scratch })

async function makeKeys(): Promise<[string, string][]> {
  const gpg = async (...args: string[]): Promise<string> =>
    (await run('gpg', ['--batch', '--passphrase', '', ...args], { env: gpgEnvironment() })).stdout.toString()
  await gpg('--quick-generate-key', 'Ann <ann@example.com>', 'ed25519', 'sign', 'never')
  const [key, certificate] = [join(scratch, 'key.pem'), join(scratch, 'cert.pem')]
  const files = ['-keyout', key, '-out', certificate, '-nodes', '-subj', '/CN=Ann']
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', ...files])
  return [
    ['openpgp.asc', await gpg('--armor', '--export-secret-keys', 'ann@example.com')],
    ['key.pem', await readFile(key, 'utf8')],
    ['cert.pem', await readFile(certificate, 'utf8')],
  ]
}

let template: Promise<TestRepository> | undefined

/** The repository that the pages talk about. */
async function site(): Promise<TestRepository> {
  const { dir } = await (template ??= fill())
  const store = await remote.createRepository(`site-${++count}.git`)
  await run('cp', ['-r', `${dir}/.`, store.dir])
  return store
}

async function fill(): Promise<TestRepository> {
  const store = await remote.createRepository('site.git')
  await store.commitFiles({
    'docs/index.md': '# Index\n',
    'docs/old.md': 'old\n',
    'tmp/x': 'x',
    'run.sh': { content: '#!/bin/sh\n', mode: '100755' },
  })
  await store.git('tag', '-a', '-m', 'First release', 'v1.0', 'main')
  await store.commitFiles({
    'docs/guide.md': '# Guide\n',
    'logo.png': Buffer.alloc(5000, 7),
    '.gitattributes': 'video/* filter=lfs\n',
  })
  await store.commitFiles({
    'docs/index.md': '# Index\n\nMore\n',
    'README.md': '# Site\n',
    'docs/deep/page.md': 'page\n',
  })
  return store
}

const AsyncFunction = Object.getPrototypeOf(async () => undefined).constructor as new (
  ...args: string[]
) => (...args: unknown[]) => Promise<void>

/** Runs a block with the addresses and secrets of the pages led to what there is; gives the repositories that it has used. */
async function runBlock({ code }: Block): Promise<TestRepository[]> {
  const stores = new Map([[`${HOST}team/site.git`, await site()]])
  for (const name of ['team/empty', 'team/new', 'backup/site'].filter((name) => code.includes(name))) {
    stores.set(`${HOST}${name}.git`, await remote.createRepository(`empty-${++count}.git`))
  }
  const open = (url: string, options: protocol.RepositoryOptions = {}): protocol.Repository => {
    if (url.startsWith('git@')) {
      const [store] = stores.values()
      return protocol.openRepository(ssh.url(store?.dir ?? ''), options)
    }
    const store = stores.get(url)
    if (store === undefined) throw new Error(`the docs open ${url}, which this test does not know`)
    // Behind the proxy and the token of the pages is nobody.
    const { transport, ...others } = options
    const proxied = code.includes('proxy.example.com')
    return protocol.openRepository(store.url, proxied || transport === undefined ? others : options)
  }
  const modules: Record<string, unknown> = {
    '@gitsync/protocol': { ...protocol, openRepository: open },
    '@gitsync/protocol/node': node,
    '@gitsync/protocol/sign': sign,
    '@gitsync/protocol/testing': testing,
    'node:fs/promises': { readFile: async (path: string) => secrets.get(path) ?? readFile(path) },
  }
  const load = async (name: string): Promise<unknown> => modules[name] ?? import(name)
  const kept = new Map<string, Buffer>()
  const given: Record<keyof typeof GIVEN, unknown> = {
    token: 'secret',
    folder: join(scratch, `folder-${++count}`),
    ann: { name: 'Ann', email: 'ann@example.com', date: new Date('2026-01-02T03:04:05Z') },
    redis: {
      mGet: async (keys: string[]) => keys.map((key) => kept.get(key) ?? null),
      set: async (key: string, value: Buffer) => kept.set(key, value),
    },
    repo: open(`${HOST}team/site.git`),
    openRepository: open,
  }
  const body = stripTypeScriptTypes(code).replace(
    /^import (?:\{([^}]*)\}|(\w+)) from '([^']+)'/gm,
    (_all, names: string | undefined, name: string | undefined, from: string) =>
      names === undefined
        ? `const { default: ${name} } = await load('${from}')`
        : `const {${names.replaceAll(' as ', ': ')}} = await load('${from}')`,
  )
  const console = { log: () => undefined }
  // A block inside the function may declare anew what it is given.
  const run = new AsyncFunction('load', 'console', ...Object.keys(given), `{${body}}`)
  await run(load, console, ...Object.values(given))
  return [...stores.values()]
}

describe('the examples run', () => {
  test.each(blocks)('$name', async (block) => {
    for (const store of await runBlock(block)) await store.fsck()
  })
})

test('the examples are right for the compiler', async () => {
  const folder = join(scratch, 'types')
  await run('mkdir', [folder])
  const declared = Object.entries(GIVEN).filter(([name]) => name !== 'openRepository')
  const names = await Promise.all(
    blocks.map(async ({ name, code }, index) => {
      const lines = declared.filter(([given]) => !new RegExp(`^const (?:${given}) =`, 'm').test(code))
      const head = [
        `import { openRepository as open } from '@gitsync/protocol'`,
        `import type { Identity, Repository } from '@gitsync/protocol'`,
        `interface Redis { mGet(keys: string[]): Promise<(Buffer | null)[]>; set(key: string, value: Buffer, options: { EX: number }): Promise<unknown> }`,
        ...lines.map(([given, type]) => `declare const ${given}: ${type}`),
        ...(/import \{[^}]*openRepository/.test(code) ? [] : ['declare const openRepository: typeof open']),
        'export {}',
      ]
      const file = `${name.replaceAll(/\W+/g, '-')}-${index}.ts`
      const imports = code.match(/^import .*$/gm) ?? []
      const rest = code.replaceAll(/^import .*$/gm, '')
      await writeFile(join(folder, file), [...head, ...imports, '{', rest, '}'].join('\n'))
      return file
    }),
  )
  const src = join(root, 'protocol/src')
  const settings = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: {
      typeRoots: [join(root, 'node_modules/@types')],
      noUnusedLocals: false,
      noUnusedParameters: false,
      paths: {
        '@gitsync/protocol': [join(src, 'index.ts')],
        '@gitsync/protocol/node': [join(src, 'node.ts')],
        '@gitsync/protocol/sign': [join(src, 'client/sign/index.ts')],
        '@gitsync/protocol/testing': [join(src, 'testing/index.ts')],
      },
    },
    include: [],
    files: names,
  }
  await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(settings))
  await writeFile(join(folder, 'package.json'), '{"type":"module"}')
  const tsc = join(root, 'node_modules/.bin/tsc')
  const printed = await run(tsc, ['--noEmit', '-p', folder]).catch((error: CommandError) => error)
  expect(printed instanceof CommandError ? printed.message : '').toBe('')
})

test('every link of the pages leads somewhere', async () => {
  for (const page of pages) {
    const text = await readFile(join(root, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
      if (!/^https?:/.test(target)) await readFile(join(root, page, '..', target))
    }
  }
})

describe('the table of requests is true', async () => {
  const table = await readFile(join(root, 'docs/engine/README.md'), 'utf8')
  const { openRepository } = protocol
  const ann = { name: 'Ann', email: 'ann@example.com', date: new Date(0) }
  const change = async (repo: protocol.Repository, start: Parameters<protocol.Repository['edit']>[1] = {}) => {
    const edit = await repo.edit('main', start)
    edit.put('docs/deep/page.md', `${++count}`)
    await edit.commit({ message: 'm', author: ann })
    return edit.push()
  }
  const rows: [string, string, (repo: protocol.Repository, store: TestRepository) => Promise<unknown>][] = [
    ['`refs()`, `head()`, `tip()`', '1', (repo) => repo.refs()],
    ["`commit('main')`, `tag('v1.0')`", '2', (repo) => repo.commit('main')],
    ["`tree('main')`", '2', (repo) => repo.tree('main')],
    ["`tree('main', { recursive: true })`", '2', (repo) => repo.tree('main', { recursive: true })],
    ['`file()`, `files()`, `readBlob()`', '3', (repo) => repo.files('main', ['docs/deep/page.md', 'README.md'])],
    [
      '`history()`, first 64 generations',
      '2',
      async (repo) => {
        for await (const _ of repo.history('main')) continue
      },
    ],
    ["`compare('v1.0', 'main')`", '3 or 4', (repo) => repo.compare('v1.0', 'main')],
    ['`checkout()`', '3', (repo) => repo.checkout('main', join(scratch, `checkout-${++count}`))],
    ['edit, commit, push', '5', (repo) => change(repo)],
    ['the same with `depth`', '3', (repo) => change(repo, { depth: 2 })],
    ['`createBranch()`', '2', (repo) => repo.createBranch('other', 'main')],
    ['`createTag()`, light', '2', (repo) => repo.createTag('v2', 'main')],
    [
      '`push()` of several refs, `old` values given, `force`',
      '1',
      async (repo, store) => {
        const oid = await store.git('rev-parse', 'main')
        const changes = ['x', 'y'].map((name) => ({ ref: `refs/heads/${name}`, old: null, new: oid }))
        await repo.push(changes, { force: true })
      },
    ],
  ]
  test.each(rows)('%s: %s', async (label, requests, operation) => {
    expect(table).toContain(`| ${label} | ${requests} |`)
    const store = await site()
    const repo = openRepository(store.url)
    await operation(repo, store)
    expect(requests.split(' or ')).toContain(String(repo.traffic.requests))
  })

  test('the rest', async () => {
    const repo = openRepository((await site()).url)
    const { snapshot } = await change(repo)
    const before = repo.traffic.requests
    await change(repo, { base: snapshot })
    expect(table).toContain(
      `| the same from an \`outcome.snapshot\` that has read the folder | ${repo.traffic.requests - before} |`,
    )
    const empty = openRepository((await remote.createRepository(`empty-${++count}.git`)).url)
    await change(empty)
    expect(table).toContain(`| first commit of an empty repository | ${empty.traffic.requests} |`)
    expect(rows.length + 2).toBe(table.split('## What operations cost')[1]?.match(/^\| .* \| [\d or]+ \|$/gm)?.length)
  })
})
