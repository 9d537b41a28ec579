/** Opened by the real sops: every file that is written here must give the object back. */
import { createDecipheriv, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { armor, Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { component } from '../../../../test/kit/components/index.ts'
import { run } from '../../../../test/kit/process/index.ts'
import { parseExact } from '../../objects/exact-json.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { renderObject } from '../render.ts'
import { createProtection } from './protection.ts'
import type { EncryptionKeys } from './sops.ts'

let sops: string
let dir: string
let identity: string
let keys: EncryptionKeys

beforeAll(async () => {
  sops = await component('sops')
  dir = await mkdtemp(join(tmpdir(), 'gitsync-sops-'))
  identity = await generateX25519Identity()
  keys = await newKeys([await identityToRecipient(identity)])
})
afterAll(() => rm(dir, { recursive: true, force: true }))

async function newKeys(recipients: readonly string[]): Promise<EncryptionKeys> {
  const dataKey = randomBytes(32)
  const wrapped = await Promise.all(
    recipients.map(async (recipient) => {
      const encrypter = new Encrypter()
      encrypter.addRecipient(recipient)
      return { recipient, enc: armor.encode(await encrypter.encrypt(dataKey)) }
    }),
  )
  return { dataKey, wrapped, created: '2026-01-02T03:04:05Z' }
}

const env = () => ({ PATH: process.env['PATH'], HOME: dir, SOPS_AGE_KEY: identity })

/** As sops prints it, and as JSON whatever the format was. */
async function open(bytes: Uint8Array, format: 'YAML' | 'JSON'): Promise<unknown> {
  const type = format.toLowerCase()
  const file = join(dir, `file.${type}`)
  await writeFile(file, bytes)
  const { stdout } = await run(sops, ['-d', '--output-type', type, file], { env: env() })
  return parse(stdout.toString(), { maxAliasCount: 0, version: '1.1', schema: 'core', logLevel: 'error' })
}

function render(object: unknown, format: 'YAML' | 'JSON', sensitive: readonly string[] = []): Uint8Array {
  const protection = createProtection({ policy: 'Encrypt', keys }, sensitive)
  const rendered = renderObject(object as KubernetesObject, { format, hasStatus: false, protection })
  expect(rendered.replaceWhole).toBe(true)
  return rendered.bytes
}

const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: 'db',
    namespace: 'shop',
    labels: { y: 'no', '2024-01-02': '2024-01-02' },
    annotations: { 'rancher/applied': '{"data":{"password":"aHVudGVyMg=="}}', empty: '' },
  },
  type: 'Opaque',
  immutable: true,
  data: { 'tls.key': 'aHVudGVyMg==', password: 'aHVudGVyMg==', empty: '', 'a:b': 'MTI=', yes: 'bm8=' },
}

test.each(['YAML', 'JSON'] as const)('%s: sops opens a Secret to exactly the object', async (format) => {
  const bytes = render(SECRET, format)
  const text = new TextDecoder().decode(bytes)
  expect(text).not.toContain('aHVudGVyMg')
  expect(text).toContain('name: db'.replace(': ', format === 'JSON' ? '": "' : ': '))
  expect(await open(bytes, format)).toEqual(SECRET)
  // What sops does not accept it says: the sum covers names and labels too.
  const moved = Buffer.from(text.replace('db', 'xx'))
  await expect(open(moved, format)).rejects.toThrow(/MAC mismatch/)
})

const CUSTOM = `{"apiVersion":"e2e.example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop"},"spec":{
  "users":[{"name":"a","password":"x","pin":1234,"ratio":0.00000012,"admin":true,"big":100000000000000000000,"none":null,"tags":["t",1.50]},
           {"name":"b","password":"","pin":-9007199254740993,"ratio":1e21,"admin":false}],
  "text":"line one\\nline two: # no comment\\n","sizes":[1,1.0,2.5e-9]}}`

test('YAML: sops opens marked fields of any type, and numbers in the clear', async () => {
  const sensitive = ['/spec/users/*/password', '/spec/users/*/pin', '/spec/users/*/ratio', '/spec/users/*/admin']
  sensitive.push('/spec/users/0/big', '/spec/users/0/tags')
  const bytes = render(parseExact(CUSTOM), 'YAML', sensitive)
  const text = new TextDecoder().decode(bytes)
  expect(text).not.toMatch(/1234|ratio: 0|true/)
  expect(text).toContain('name: b')
  expect(await open(bytes, 'YAML')).toEqual(parse(CUSTOM))
})

test('a place whose own key is the name of something else is encrypted with what is around it', async () => {
  const bytes = render(parseExact(CUSTOM), 'YAML', ['/spec/users/*/name'])
  expect(new TextDecoder().decode(bytes)).toContain('encrypted_regex: "^(users)$"')
  expect(await open(bytes, 'YAML')).toEqual(parse(CUSTOM))
})

/** By the letter of sops' format, with nothing of ours. */
function decrypt(value: string, dataKey: Uint8Array, bound: string): string {
  const [, data = '', iv = '', tag = ''] = /^ENC\[AES256_GCM,data:(.+),iv:(.+),tag:(.+),type:\w+\]$/.exec(value) ?? []
  const decipher = createDecipheriv('aes-256-gcm', dataKey, Buffer.from(iv, 'base64'))
  decipher.setAAD(Buffer.from(bound)).setAuthTag(Buffer.from(tag, 'base64'))
  return decipher.update(data, 'base64', 'utf8') + decipher.final('utf8')
}

test.each(['YAML', 'JSON'] as const)(
  '%s: the other way round, sops makes the same values and the same sum',
  async (format) => {
    const object = { ...SECRET, spec: { on: true, n: 12, f: 0.000001, list: ['x', 1e21], none: null, text: 'a\nb\n' } }
    const protection = createProtection({ policy: 'Exclude' }, [])
    const source = { ...object, kind: 'Sample' }
    const { bytes } = renderObject(source, { format, hasStatus: false, protection })
    const file = join(dir, `plain.${format.toLowerCase()}`)
    await writeFile(file, bytes)
    const names = '^(annotations|data|stringData)$'
    const args = ['-e', '--age', await identityToRecipient(identity), '--encrypted-regex', names, file]
    const theirs = parse((await run(sops, args, { env: env() })).stdout.toString())
    const decrypter = new Decrypter()
    decrypter.addIdentity(identity)
    const dataKey = await decrypter.decrypt(armor.decode(theirs.sops.age[0].enc))
    const { lastmodified } = theirs.sops
    const ours = createProtection(
      { policy: 'Encrypt', keys: { dataKey, wrapped: keys.wrapped, created: lastmodified } },
      ['/metadata/annotations', '/data'],
    )
    const rendered = renderObject(source, { format, hasStatus: false, protection: ours })
    const own = parse(new TextDecoder().decode(rendered.bytes))
    expect(decrypt(own.sops.mac, dataKey, lastmodified)).toBe(decrypt(theirs.sops.mac, dataKey, lastmodified))
    for (const key of Object.keys(SECRET.data).filter((name) => name !== 'empty')) {
      expect(decrypt(own.data[key], dataKey, `data:${key}:`)).toBe(decrypt(theirs.data[key], dataKey, `data:${key}:`))
    }
    expect(own.data.empty).toBe(theirs.data.empty)
    expect({ ...own, data: 0, metadata: { ...own.metadata, annotations: 0 }, sops: 0 }).toEqual({
      ...theirs,
      data: 0,
      metadata: { ...theirs.metadata, annotations: 0 },
      sops: 0,
    })
  },
)

test('any of several recipients opens it', async () => {
  const other = await generateX25519Identity()
  const both = await newKeys([await identityToRecipient(other), await identityToRecipient(identity)])
  const protection = createProtection({ policy: 'Encrypt', keys: both }, [])
  const { bytes } = renderObject(SECRET, { format: 'YAML', hasStatus: false, protection })
  expect(await open(bytes, 'YAML')).toEqual(SECRET)
})

const key = fc.oneof(
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
  fc.constantFrom('data', 'a.b', 'x*', '<<', '~', 'on'),
)
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('yes', '012', '1e3', '#x', 'a\n b\n', '\n', 'ENC[x]'),
)
/** Whole numbers from 2^63 to 2^64 are refused: sops cannot read them. */
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => value < 2 ** 63 || value > 2 ** 64)
const leaf = fc.oneof(text, fc.boolean(), fc.constant(null), fc.maxSafeInteger(), double)
const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

test('sops opens any object', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(key, tree, { maxKeys: 4, noNullPrototype: true }),
      fc.constantFrom<'YAML' | 'JSON'>('YAML', 'JSON'),
      async (spec, format) => {
        const object = {
          apiVersion: 'e2e.example.com/v1',
          kind: 'Widget',
          metadata: { name: 'w' },
          marked: spec,
          spec: { ...spec, marked: 'x' },
        }
        const opened = await open(render(object, format, ['/marked', '/spec/marked']), format)
        expect(opened).toEqual(JSON.parse(JSON.stringify(object)))
      },
    ),
    { numRuns: 120 },
  )
}, 120_000)
