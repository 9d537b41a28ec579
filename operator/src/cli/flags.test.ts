import { expect, test, vi } from 'vitest'
import packageJson from '../../package.json' with { type: 'json' }
import { readFlags } from './flags.ts'
import type { Flags } from './flags.ts'

const SECRET_FILE = import.meta.filename

function run(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  let printed = ''
  const print = (text: string | Uint8Array): boolean => {
    printed += String(text)
    return true
  }
  vi.spyOn(process.stderr, 'write').mockImplementation(print)
  vi.spyOn(process.stdout, 'write').mockImplementation(print)
  try {
    return { flags: readFlags(args, env), printed, exitCode: undefined }
  } catch (error) {
    return { flags: undefined, printed, exitCode: (error as { exitCode?: number }).exitCode }
  } finally {
    vi.restoreAllMocks()
  }
}

const DEFAULTS = {
  namespace: [],
  metrics: '127.0.0.1:8080',
  auditPageAudience: [],
  auditPageProxy: [],
  auditPageUserHeader: 'x-forwarded-user',
  auditPageGroupsHeader: 'x-forwarded-groups',
  logLevel: 'info',
  trustedAccount: [],
  webhookName: 'gitsync-operator-webhook',
  webhookConfiguration: 'gitsync-operator',
  webhookHost: [],
}
/** Twin, key, a value, and what it comes to. */
const VALUES = [
  ['GITSYNC_KUBECONFIG', 'kubeconfig', '/etc/kubeconfig', '/etc/kubeconfig'],
  ['GITSYNC_NAMESPACE', 'namespace', 'shop, web', ['shop', 'web']],
  ['GITSYNC_METRICS', 'metrics', '[::1]:9', '[::1]:9'],
  ['GITSYNC_ADMIN', 'admin', '127.0.0.1:6060', '127.0.0.1:6060'],
  ['GITSYNC_BUDGET_REDIS', 'budgetRedis', 'redis://127.0.0.1', 'redis://127.0.0.1'],
  ['GITSYNC_PUSH_HOOK_SECRET_FILE', 'pushHookSecretFile', SECRET_FILE, SECRET_FILE],
  ['GITSYNC_AUDIT_PAGE', 'auditPage', ':8070', ':8070'],
  ['GITSYNC_AUDIT_PAGE_USER_HEADER', 'auditPageUserHeader', 'X-Auth-User', 'x-auth-user'],
  ['GITSYNC_AUDIT_PAGE_GROUPS_HEADER', 'auditPageGroupsHeader', 'X-Auth-Groups', 'x-auth-groups'],
  ['GITSYNC_LOG_LEVEL', 'logLevel', 'debug', 'debug'],
  ['GITSYNC_LEASE_NAMESPACE', 'leaseNamespace', 'gitsync-system', 'gitsync-system'],
  ['GITSYNC_LEASE_NAME', 'leaseName', 'a.b', 'a.b'],
  ['GITSYNC_ADVERTISE_ADDRESS', 'advertiseAddress', 'fd00::1', 'fd00::1'],
  ['GITSYNC_IDENTITY', 'identity', 'pod_1', 'pod_1'],
  ['GITSYNC_TRUSTED_ACCOUNT', 'trustedAccount', 'a/b, c/d', ['system:serviceaccount:a:b', 'system:serviceaccount:c:d']],
  ['GITSYNC_WEBHOOK', 'webhook', '0.0.0.0:9443', '0.0.0.0:9443'],
  ['GITSYNC_WEBHOOK_NAME', 'webhookName', 'hook', 'hook'],
  ['GITSYNC_WEBHOOK_CONFIGURATION', 'webhookConfiguration', 'hook', 'hook'],
  ['GITSYNC_EMAIL_EXTRA', 'emailExtra', 'example.com/email', 'example.com/email'],
  ['GITSYNC_WEBHOOK_HOST', 'webhookHost', 'hook.a.svc, 127.0.0.1', ['hook.a.svc', '127.0.0.1']],
] as const satisfies readonly (readonly [string, keyof Flags, string, unknown])[]
const SWITCHES = [
  ['GITSYNC_ALLOW_PRIVATE_HOSTS', 'allowPrivateHosts'],
  ['GITSYNC_ADMIN_HEAP_SNAPSHOTS', 'adminHeapSnapshots'],
  ['GITSYNC_ROLES_ONLY', 'rolesOnly'],
] as const satisfies readonly (readonly [string, keyof Flags])[]

test.each(VALUES)('%s sets a flag, and is absent when it is empty', (twin, key, value, expected) => {
  expect(run([], { [twin]: value }).flags).toEqual({ ...DEFAULTS, [key]: expected })
  expect(run([], { [twin]: '' }).flags).toEqual(DEFAULTS)
})

test.each(SWITCHES)('%s can be on, off, or empty, which is absent', (twin, key) => {
  const env = { GITSYNC_NAMESPACE: 'shop' }
  const read = (value: string) => run([], { ...env, [twin]: value }).flags?.[key] === true
  for (const off of ['', ' ', '0', 'false', 'FALSE', 'no', 'off']) expect([off, read(off)]).toEqual([off, false])
  for (const on of ['1', 'true', 'yes', 'on']) expect([on, read(on)]).toEqual([on, true])
})

test.each(SWITCHES)('%s with another word is wrong usage, and nothing is switched on', (twin, key) => {
  const { flags, exitCode, printed } = run([], { GITSYNC_NAMESPACE: 'shop', [twin]: 'disabled' })
  expect([exitCode, flags?.[key]]).toEqual([1, undefined])
  expect(printed).toContain(`${twin} "disabled" is unusable. It must be true or false.`)
})

test('what is no address of a Redis is wrong usage, and is not shown: it may hold a password', () => {
  const { exitCode, printed } = run(['--budget-redis', 'http://:hunter2@redis.example'], {})
  expect([exitCode, printed]).toEqual([1, expect.stringContaining('--budget-redis must be redis://host:port')])
  expect(printed).not.toContain('hunter2')
})

test('push webhooks need a secret, which the twin can name', () => {
  const address = '127.0.0.1:8090'
  const { exitCode, printed } = run([], { GITSYNC_PUSH_HOOKS: address })
  expect([exitCode, printed]).toEqual([1, expect.stringContaining('--push-hooks needs --push-hook-secret-file')])
  const { flags } = run(['--push-hooks', address], { GITSYNC_PUSH_HOOK_SECRET_FILE: SECRET_FILE })
  expect(flags).toMatchObject({ pushHooks: address, pushHookSecretFile: SECRET_FILE })
})

test.each([
  ['a file that is not there', '/nonexistent/secret', 'cannot be read (ENOENT)'],
  ['a folder', import.meta.dirname, 'cannot be read (EISDIR)'],
  ['a file without a secret', '/dev/null', 'is empty'],
])('%s is no secret of push webhooks', (_, file, what) => {
  for (const { printed, exitCode } of [
    run(['--push-hook-secret-file', file]),
    run([], { GITSYNC_PUSH_HOOK_SECRET_FILE: file }),
  ]) {
    expect([exitCode, printed]).toEqual([1, expect.stringContaining(what)])
    expect(printed).toContain(file)
  }
})

test('audit events need the webhook to which they are sent', () => {
  const twin = { GITSYNC_AUDIT_TOKEN_SECRET: 'audit' }
  const { exitCode, printed } = run([], twin)
  expect([exitCode, printed]).toEqual([1, expect.stringContaining('--audit-token-secret needs --webhook')])
  expect(run(['--webhook', '0.0.0.0:9443'], twin).flags).toMatchObject({ auditTokenSecret: 'audit' })
})

test('a name of the identity provider needs its address, without which it would never be read', () => {
  const twin = { GITSYNC_NAME_EXTRA: 'example.com/name' }
  const { exitCode, printed } = run([], twin)
  expect([exitCode, printed]).toEqual([1, expect.stringContaining('--name-extra needs --email-extra')])
  expect(run(['--email-extra', 'example.com/email'], twin).flags).toMatchObject({ nameExtra: 'example.com/name' })
})

test('who may look at a page that nobody serves is a mistake, and so is a page without rights outside namespaces', () => {
  const twins = { GITSYNC_AUDIT_PAGE_AUDIENCE: 'audit, other', GITSYNC_AUDIT_PAGE_PROXY: '10.0.0.0/8, fd00::/64' }
  const { exitCode, printed } = run([], twins)
  expect([exitCode, printed]).toEqual([1, expect.stringContaining('need --audit-page')])
  expect(run(['--audit-page', ':8070'], twins).flags).toMatchObject({
    auditPageAudience: ['audit', 'other'],
    auditPageProxy: ['10.0.0.0/8', 'fd00::/64'],
  })
  const rolesOnly = run(['--audit-page', ':8070', '--roles-only', '--namespace', 'shop'])
  expect([rolesOnly.exitCode, rolesOnly.printed]).toEqual([1, expect.stringContaining('exclude each other')])
})

test('every flag has a twin in the help, and a test above', () => {
  const { printed, exitCode } = run(['--help'])
  expect(exitCode).toBe(0)
  const shown = [...printed.matchAll(/env:\s+(GITSYNC_\w+)\)/g)].map(([, twin]) => twin)
  expect(new Set(shown)).toEqual(
    new Set(
      [
        ['GITSYNC_AUDIT_PAGE_AUDIENCE'],
        ['GITSYNC_AUDIT_PAGE_PROXY'],
        ['GITSYNC_PUSH_HOOKS'],
        ['GITSYNC_AUDIT_TOKEN_SECRET'],
        ['GITSYNC_NAME_EXTRA'],
        ...VALUES,
        ...SWITCHES,
      ].map(([twin]) => twin),
    ),
  )
})

test('the command line wins over the environment', () => {
  const env = { GITSYNC_LOG_LEVEL: 'debug', GITSYNC_NAMESPACE: 'shop', GITSYNC_ALLOW_PRIVATE_HOSTS: 'off' }
  const { flags } = run(['--log-level', 'warn', '--namespace', 'a', '--namespace', 'b,c', '--allow-private-hosts'], env)
  expect(flags).toMatchObject({ logLevel: 'warn', namespace: ['a', 'b', 'c'], allowPrivateHosts: true })
})

test.each([
  ['--namespace', 'Foo_'],
  ['--namespace', 'A B'],
  ['--namespace', 'a,'],
  ['--namespace', 'a.b'],
  ['--namespace', 'a'.repeat(64)],
  ['--lease-namespace', 'a.b'],
  ['--lease-name', 'a..b'],
  ['--lease-name', 'a.-b'],
  ['--lease-name', 'a'.repeat(254)],
  ['--audit-page', '8070'],
  ['--audit-page-proxy', '10.0.0.1'],
  ['--audit-page-proxy', 'proxy.example.com'],
  ['--audit-page-proxy', '10.0.0.0/33'],
  ['--audit-page-audience', 'a,,b'],
  ['--audit-page-user-header', 'X Forwarded'],
  ['--metrics', 'nonsense'],
  ['--metrics', '127.0.0.1:65536'],
  ['--metrics', ':'],
  ['--admin', 'localhost'],
  ['--identity', ' '],
  ['--log-level', 'loud'],
])('%s %j is wrong usage, also in the environment', (flag, value) => {
  const onLine = run([flag, value])
  expect(onLine).toMatchObject({ exitCode: 1, printed: expect.stringContaining(flag) })
  const twin = `GITSYNC_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`
  if (value.trim() === '') return
  expect(run([], { [twin]: value })).toMatchObject({ exitCode: 1, printed: expect.stringContaining(twin) })
})

test('--roles-only needs a namespace', () => {
  expect(run(['--roles-only'])).toMatchObject({ exitCode: 1, printed: expect.stringContaining('--namespace') })
})

test('--version says which', () => {
  expect(run(['--version'])).toEqual({ flags: undefined, printed: `${packageJson.version}\n`, exitCode: 0 })
})
