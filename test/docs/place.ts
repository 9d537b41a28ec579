import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { component } from '../kit/components/index.ts'
import { run } from '../kit/process/index.ts'
import { startRemote } from '../kit/remote/index.ts'
import type { TestRepository } from '../kit/remote/index.ts'
import { ROOT } from './blocks.ts'

/** What the pages call it, and what stands for it here. The one place where pages and tests differ. */
export type Substitutions = readonly (readonly [inPages: string, here: string])[]

export const substitute = (text: string, substitutions: Substitutions): string =>
  substitutions.reduce((result, [inPages, here]) => result.replaceAll(inPages, here), text)

/** A shell in a copy of what the pages refer to, with a Git host behind the pages' address. */
export interface Place {
  readonly substitutions: Substitutions
  /** The repository platform/audit of the pages. */
  readonly repository: TestRepository
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>
  /** Runs a script; gives what it printed. Throws CommandError. */
  readonly shell: (script: string, kubeconfig?: string) => Promise<string>
  readonly folder: string
  stop(): Promise<void>
}

/** Folders of a checkout that commands in the pages name. */
const REFERRED = ['crds', 'examples', 'charts', 'deploy']
/** What `make demo` is made of. */
const LINKED = [
  'node_modules',
  'package.json',
  'package-lock.json',
  'Makefile',
  'operator',
  'protocol',
  'demo',
  'test',
  'scripts',
]

export async function makePlace(kubeconfig: string): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'gitsync-docs-'))
  const remote = await startRemote({ auth: { user: 'audit-bot', password: 'replace-me' } })
  const repository = await remote.createRepository('platform/audit.git', {
    config: { 'receive.denyNonFastForwards': 'true' },
  })
  const { host } = new URL(remote.url)
  const substitutions: Substitutions = [
    ['https://git.example.com', remote.url],
    ['https://audit-bot@git.example.com', `http://audit-bot:replace-me@${host}`],
    ['git.example.com', host],
    // The remote of the tests has no TLS.
    ['allowPrivateAddresses: true', 'allowPrivateAddresses: true\n  allowPlainHttp: true'],
    ['token: replace-me', 'username: audit-bot\n  password: replace-me'],
  ]
  const present = new Set(await readdir(ROOT))
  for (const name of REFERRED.filter((name) => present.has(name))) {
    await cp(join(ROOT, name), join(folder, name), { recursive: true })
  }
  for (const name of LINKED) await symlink(join(ROOT, name), join(folder, name))
  for (const path of await readdir(join(folder, 'examples'), { recursive: true })) {
    if (!path.endsWith('.yaml')) continue
    const file = join(folder, 'examples', path)
    await writeFile(file, substitute(await readFile(file, 'utf8'), substitutions))
  }
  const programs = await Promise.all(
    (['kubectl', 'helm', 'sops', 'age-keygen'] as const).map((name) => component(name)),
  )
  const [program = ''] = programs
  const env = (config: string): NodeJS.ProcessEnv => ({
    PATH: [...programs.map((path) => dirname(path)), join(ROOT, 'node_modules/.bin'), process.env['PATH']].join(':'),
    HOME: folder,
    KUBECONFIG: config,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  })
  return {
    substitutions,
    repository,
    folder,
    kubectl: async (args, input = '') => (await run(program, args, { env: env(kubeconfig), input })).stdout.toString(),
    shell: async (script, config = kubeconfig) =>
      (await run('bash', ['-eo', 'pipefail', '-c', script], { cwd: folder, env: env(config) })).stdout.toString(),
    async stop() {
      await remote.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
