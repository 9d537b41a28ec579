import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../../../test/kit/process/index.ts'
import { startRemote } from '../../../test/kit/remote/index.ts'
import type { Remote, TestRepository } from '../../../test/kit/remote/index.ts'
import { hintFor } from './ref-hint.ts'
import { gitsync } from './test-command.ts'

let remote: Remote
let store: TestRepository
let scratch: string

beforeAll(async () => {
  remote = await startRemote()
  scratch = await mkdtemp(join(tmpdir(), 'gitsync-newcomer-'))
  store = await remote.createRepository('hints.git')
  await store.commitFiles({ a: '1' })
  await store.git('branch', 'release-1.0', 'main')
  await store.git('tag', 'v1.0', 'main')
})
afterAll(async () => {
  await remote.stop()
  await rm(scratch, { recursive: true, force: true })
})

describe('a ref that is not there', () => {
  test.each([
    [['ls-tree', 'mian'], 'did you mean main?'],
    [['ls-tree', 'MAIN'], 'did you mean main?'],
    [['ls-tree', 'master'], 'did you mean main?'],
    [['log', 'relaese-1.0'], 'did you mean release-1.0?'],
    [['cat-file', 'v1', 'a'], 'did you mean v1.0?'],
    [['ls-tree', 'something-else'], 'it has main, release-1.0, v1.0'],
    [['diff', 'main', 'v10'], 'did you mean v1.0?'],
    [['log', '9ddb3a1'], 'an id is needed in full, as gitsync log prints it; it has main'],
    [['branch', 'new', 'mian'], 'did you mean main?'],
    [['branch', '-d', 'mian'], 'did you mean main?'],
  ])('%j: %s', async ([verb = '', ...words], hint) => {
    const at = words[0] === '-d' ? 1 : 0
    const ran = await gitsync([verb, ...words.slice(0, at), store.url, ...words.slice(at)])
    expect(ran).toMatchObject({ code: 4, out: '', err: expect.stringContaining(hint) })
    expect(ran.err).toMatch(/^gitsync: [^\n]*\n$/)
  })

  test.each(['main~1', 'HEAD^', ''])('%j is told what is understood', async (revision) => {
    const ran = await gitsync(['ls-tree', store.url, revision])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining('the full id of a commit; ~ and ^ are not') })
  })

  test('also where a branch is to be written', async () => {
    const ran = await gitsync(['put-file', store.url, 'mian', 'a', '-', '-m', 'm'], { input: 'x' })
    expect(ran).toMatchObject({ code: 4, err: expect.stringContaining('did you mean main?') })
  })

  test('an empty repository says that it is empty', async () => {
    const empty = await remote.createRepository('empty.git')
    const ran = await gitsync(['ls-tree', empty.url, 'main'])
    expect(ran).toMatchObject({ code: 4, err: expect.stringContaining('it is empty') })
  })

  test('many names are not all listed, and long ones cost nothing', () => {
    const names = Array.from({ length: 50 }, (_, index) => `team-${index}/${'x'.repeat(300)}`)
    expect(hintFor('unlike', names, undefined)).toMatch(/and 45 more \(gitsync ls-remote\)$/)
  })
})

describe('--json', () => {
  test('an error is one line of JSON on standard error', async () => {
    const ran = await gitsync(['ls-tree', '--json', store.url, 'mian'])
    expect([ran.code, ran.out]).toEqual([4, ''])
    expect(ran.err).toMatch(/^[^\n]*\n$/)
    expect(JSON.parse(ran.err)).toEqual({
      error: { code: 'RefNotFound', message: expect.stringContaining('did you mean'), exitCode: 4, ref: 'mian' },
    })
  })

  test('errors of usage as well, and when the twin asks for JSON', async () => {
    const usage = await gitsync(['ls-tree', '--json', '--nonsense', store.url])
    expect(usage.code).toBe(2)
    expect(JSON.parse(usage.err)).toMatchObject({
      error: { code: 'InvalidInput', exitCode: 2, message: expect.stringContaining('gitsync ls-tree --help') },
    })
    const twin = await gitsync(['ls-tree', store.url, 'mian'], { env: { GITSYNC_JSON: '1' } })
    expect(JSON.parse(twin.err)).toMatchObject({ error: { code: 'RefNotFound' } })
  })

  test('no secret is in it', async () => {
    remote.faults.status(403, { body: 'you sent s3cret' })
    const ran = await gitsync(['ls-remote', '--json', store.url, '--token', 's3cret'])
    expect(JSON.parse(ran.err)).toMatchObject({ error: { code: 'Forbidden', exitCode: 3, status: 403 } })
    expect(ran.err).not.toContain('s3cret')
  })
})

test('a limit names the flag that sets it', async () => {
  const ran = await gitsync(['ls-remote', '--max-bytes', '10', store.url])
  expect(ran).toMatchObject({ code: 6, err: expect.stringContaining('--max-bytes') })
})

test('cat-file prints a file larger than memory is to hold as it comes, also as JSON', async () => {
  const content = Buffer.alloc(3_000_001, 'some content that is longer than one chunk; ')
  await store.commitFiles({ large: content }, { branch: 'large' })
  const { out } = await gitsync(['cat-file', '--json', store.url, 'large', 'large'])
  const { base64, ...others } = JSON.parse(out)
  expect(others).toEqual({
    path: 'large',
    oid: await store.resolve('large:large'),
    mode: '100644',
    size: content.length,
  })
  expect(Buffer.from(base64, 'base64').equals(content)).toBe(true)
  expect((await gitsync(['cat-file', store.url, 'large', 'large'])).out).toBe(content.toString())
})

test('ls-tree --long shows sizes where the server tells them, and - for what has none', async () => {
  await store.commitFiles({ 'dir/b': '22' }, { branch: 'sizes' })
  const { out } = await gitsync(['ls-tree', '-l', store.url, 'sizes'])
  expect(out).toBe(`${await store.git('ls-tree', '-l', 'sizes')}\n`)
})

describe('help', () => {
  test('lists verbs of other packages that are beside the command', async () => {
    await writeFile(join(scratch, 'gitsync-operator'), '#!/bin/sh\n')
    await writeFile(join(scratch, 'gitsync-notes.txt'), '')
    await writeFile(join(scratch, 'gitsync-plain'), '')
    await chmod(join(scratch, 'gitsync-operator'), 0o755)
    const program = join(scratch, 'gitsync')
    expect((await gitsync(['--help'], { program })).out).toContain('Verbs of other packages here: operator\n')
    expect((await gitsync(['--help'])).out).not.toContain('other packages')
  })

  test('of every verb shows how it is used, in lines that its own parser takes', async () => {
    const { out } = await gitsync(['--help'])
    const verbs = [...out.matchAll(/^ {2}([a-z-]+) (?:\[options\]|<shell>)/gm)].map(([, verb]) => verb ?? '')
    expect(verbs).toEqual(
      expect.arrayContaining(['check', 'log', 'diff', 'clone', 'rm', 'mv', 'branch', 'tag', 'mirror']),
    )
    for (const verb of verbs) {
      const help = await gitsync([verb, '--help'])
      expect(help).toMatchObject({ code: 0, err: '' })
      expect(help.out).toMatch(new RegExp(`\nExamples:\n.*gitsync ${verb} `))
    }
  })
})

describe('completion', () => {
  /** What bash offers for a line, by the script, loaded as a user would. */
  async function complete(line: string): Promise<string[]> {
    const script = join(scratch, 'gitsync.bash')
    await writeFile(script, (await gitsync(['completion', 'bash'])).out)
    const words = line.split(' ')
    const commands = `source ${script}
      COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}) COMP_CWORD=${words.length - 1}
      _gitsync && printf '%s\\n' "\${COMPREPLY[@]}"; complete -p gitsync`
    const { stdout } = await run('bash', ['--norc', '-euc', commands])
    const lines = stdout.toString().trim().split('\n')
    expect(lines.pop()).toBe('complete -o default -F _gitsync gitsync')
    return lines
  }

  test.each([
    ['gitsync l', ['ls-remote', 'ls-tree', 'log']],
    ['gitsync clone --sym', ['--symlinks']],
    ['gitsync clone --symlinks ', ['write', 'file', 'refuse']],
    ['gitsync completion z', []],
    ['gitsync log --f', ['--first-parent']],
    ['gitsync put-file --mode 1007', ['100755']],
    ['gitsync log --since ', []],
    ['gitsync --v', ['--version']],
  ])('bash: %j', async (line, offered) => {
    expect(await complete(line)).toEqual(offered)
  })

  test('verbs of other packages are offered as well', async () => {
    await writeFile(join(scratch, 'gitsync-export'), '#!/bin/sh\n', { mode: 0o755 })
    const { out } = await gitsync(['completion', 'bash'], { program: join(scratch, 'gitsync') })
    expect(out).toMatch(/compgen -W '[^']*\bexport\b/)
  })

  test.each(['zsh', 'fish'])('%s: every verb and flag is in it', async (shell) => {
    const { code, out } = await gitsync(['completion', shell])
    expect(code).toBe(0)
    for (const word of ['put-file', 'symlinks', 'refuse', 'first-parent', 'ca-file']) expect(out).toContain(word)
  })

  test('zsh: a flag may be given again where that means something', async () => {
    const { out } = await gitsync(['completion', 'zsh'])
    expect(out).toContain("'*--include[")
    expect(out).not.toContain("'*--ref[branch")
  })

  test('another shell is an error of usage', async () => {
    expect(await gitsync(['completion', 'tcsh'])).toMatchObject({ code: 2, out: '' })
  })
})
