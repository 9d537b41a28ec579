import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'
import { Command, InvalidArgumentError, Option } from 'commander'
import { isNamespaceName, isObjectName } from '../api/fields.ts'
import { isSharedWindowUrl, SHARED_WINDOW_FORM } from '../push/budget/shared-window.ts'
import { LOG_LEVELS } from '../serve/log.ts'
import { ADDRESS_FORM, parseAddress } from '../serve/server.ts'
import { VERSION } from '../version.ts'
import { applyEnvironment, showTwins } from './environment.ts'

export interface Flags {
  readonly kubeconfig?: string
  /** None: all namespaces. */
  readonly namespace: readonly string[]
  readonly metrics: string
  readonly admin?: string
  readonly adminHeapSnapshots?: boolean
  readonly budgetRedis?: string
  readonly pushHooks?: string
  readonly pushHookSecretFile?: string
  readonly auditPage?: string
  /** None: the API server's own. */
  readonly auditPageAudience: readonly string[]
  /** CIDRs. */
  readonly auditPageProxy: readonly string[]
  readonly auditPageUserHeader: string
  readonly auditPageGroupsHeader: string
  readonly logLevel: string
  readonly allowPrivateHosts?: boolean
  readonly rolesOnly?: boolean
  /** User names. */
  readonly trustedAccount: readonly string[]
  readonly webhook?: string
  readonly webhookName: string
  readonly webhookConfiguration: string
  readonly webhookHost: readonly string[]
  readonly emailExtra?: string
  readonly nameExtra?: string
  readonly auditTokenSecret?: string
  readonly advertiseAddress?: string
  readonly identity?: string
  readonly leaseNamespace?: string
  readonly leaseName?: string
}

const namespaceName = (value: string): string => {
  if (isNamespaceName(value)) return value
  throw new InvalidArgumentError('It must be a namespace: lower case letters, digits and -, 63 at most.')
}

const objectName = (value: string): string => {
  if (isObjectName(value)) return value
  throw new InvalidArgumentError('It must be a name in lower case letters, digits, - and .')
}

const ipAddress = (value: string): string => {
  if (isIP(value) !== 0) return value
  throw new InvalidArgumentError('It must be an IP address.')
}

const text = (value: string): string => {
  if (value.trim() !== '') return value
  throw new InvalidArgumentError('It must not be empty.')
}

const address = (value: string): string => {
  if (parseAddress(value) !== undefined) return value
  throw new InvalidArgumentError(`It ${ADDRESS_FORM}.`)
}

/**
 * Mounted Secrets are there before a container starts: a file that is missing now is a wrong name, and every webhook would
 * be refused without anybody noticing.
 */
const secretFile = (value: string): string => {
  let content: string
  try {
    content = readFileSync(value, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new InvalidArgumentError(`It cannot be read (${code}): it must be a file with the secret of the webhooks.`)
  }
  if (content.trim() !== '') return value
  throw new InvalidArgumentError('It is empty: it must hold the secret of the webhooks.')
}

const namespaces = (value: string, list: readonly string[]): string[] => [
  ...list,
  ...value.split(',').map((name) => namespaceName(name.trim())),
]

const accounts = (value: string, list: readonly string[]): string[] => [
  ...list,
  ...value.split(',').map((name) => {
    const [, namespace = '', account = ''] = /^([^/]*)\/([^/]*)$/.exec(name.trim()) ?? []
    if (isNamespaceName(namespace) && isObjectName(account)) return `system:serviceaccount:${namespace}:${account}`
    throw new InvalidArgumentError('It must be a ServiceAccount: NAMESPACE/NAME.')
  }),
]

const hosts = (value: string, list: readonly string[]): string[] => [
  ...list,
  ...value.split(',').map((name) => objectName(name.trim().toLowerCase())),
]

const audiences = (value: string, list: readonly string[]): string[] => [
  ...list,
  ...value.split(',').map((name) => text(name.trim())),
]

const networks = (value: string, list: readonly string[]): string[] => [
  ...list,
  ...value.split(',').map((part) => {
    const network = part.trim()
    if (ipaddr.isValidCIDR(network)) return network
    throw new InvalidArgumentError('It must be a network: 10.20.0.0/16, or 10.20.0.7/32 for one address.')
  }),
]

const headerName = (value: string): string => {
  if (/^[A-Za-z0-9-]{1,64}$/.test(value)) return value.toLowerCase()
  throw new InvalidArgumentError('It must be the name of a header: letters, digits and -.')
}

/** Each has a twin in the environment: `--log-level` is `GITSYNC_LOG_LEVEL`. */
const options = (): Option[] => [
  new Option('--kubeconfig <file>', 'default: KUBECONFIG, else in-cluster').argParser(text),
  new Option('--namespace <name>', 'read only this namespace (repeatable)').argParser(namespaces).default([], 'all'),
  new Option('--metrics <host:port>', 'address of /healthz, /readyz and /metrics')
    .argParser(address)
    .default('127.0.0.1:8080'),
  new Option(
    '--admin <host:port>',
    'address of /log-level and /profile, best on loopback; default: not served',
  ).argParser(address),
  new Option(
    '--admin-heap-snapshots',
    'give heap snapshots at /profile/heap: they contain everything in memory, Secrets and tokens too',
  ),
  new Option(
    '--push-hooks <host:port>',
    'address of /push, for push webhooks of Git hosts: the branch is looked at at once; default: not served',
  ).argParser(address),
  new Option(
    '--push-hook-secret-file <file>',
    'the secret of the webhooks; one a line while it is changed. It must be there at the start, and is read again for each webhook',
  ).argParser(secretFile),
  new Option(
    '--budget-redis <url>',
    'Redis or Valkey in which several operators count requests, pushes and bytes to Git hosts together; default: each counts alone',
  ).argParser(text),
  new Option(
    '--audit-page <host:port>',
    'address of the audit page, for those who may get GitSyncs; plain HTTP, so put what encrypts before it; default: not served',
  ).argParser(address),
  new Option(
    '--audit-page-audience <name>',
    "with --audit-page: audience that a viewer's token must be for (repeatable)",
  )
    .argParser(audiences)
    .default([], "the API server's own"),
  new Option(
    '--audit-page-proxy <network>',
    'with --audit-page: addresses of authenticating proxies, whose header says who asks (repeatable)',
  )
    .argParser(networks)
    .default([], 'none'),
  new Option('--audit-page-user-header <name>', 'in which those proxies name the user')
    .argParser(headerName)
    .default('x-forwarded-user'),
  new Option('--audit-page-groups-header <name>', 'in which they name the groups, separated by commas')
    .argParser(headerName)
    .default('x-forwarded-groups'),
  new Option('--log-level <level>', 'least level that is logged').choices(LOG_LEVELS).default('info'),
  new Option('--allow-private-hosts', 'for development: loopback and private Git hosts'),
  new Option(
    '--roles-only',
    'with --namespace: ask for nothing that a Role cannot grant; GitProviders are not read, their hosts have no rules',
  ),
  new Option(
    '--trusted-account <namespace/name>',
    'ServiceAccount of a user interface whose annotation gitsync.dev/on-behalf-of names the author (repeatable)',
  )
    .argParser(accounts)
    .default([], 'none'),
  new Option(
    '--webhook <host:port>',
    'address where the API server asks for stamps and tells of deletions and audit events, over TLS; default: not served',
  ).argParser(address),
  new Option('--webhook-name <name>', "of the Secret with its certificate, in the Lease's namespace")
    .argParser(objectName)
    .default('gitsync-operator-webhook'),
  new Option('--webhook-configuration <name>', 'of the webhook configurations that are told where to ask')
    .argParser(objectName)
    .default('gitsync-operator'),
  new Option('--webhook-host <name>', 'name or IPv4 address under which the API server asks (repeatable)')
    .argParser(hosts)
    .default([], 'localhost'),
  new Option(
    '--email-extra <key>',
    'in the extra of users: where the identity provider says their address; default: user names alone count',
  ).argParser(text),
  new Option('--name-extra <key>', 'with --email-extra: where it says their name; default: the user name').argParser(
    text,
  ),
  new Option(
    '--audit-token-secret <name>',
    "Secret in the Lease's namespace whose key token lets the sender of audit events in; default: none are taken",
  ).argParser(objectName),
  new Option(
    '--lease-namespace <name>',
    "of the Lease that one operator at a time holds; default: the connection's",
  ).argParser(namespaceName),
  new Option('--lease-name <name>', 'default: gitsync-operator, with a suffix for the set of --namespace').argParser(
    objectName,
  ),
  new Option(
    '--advertise-address <ip>',
    'where other replicas reach this one: they pass on what --webhook and --push-hooks tell them; default: they cannot',
  ).argParser(ipAddress),
  new Option(
    '--identity <text>',
    'this process in the Lease, shared with no running one; default: HOSTNAME_PID',
  ).argParser(text),
]

/**
 * Reads the command line, and for what it leaves open the environment.
 * @param args without the program's own name
 * @throws CommanderError when that is no way to start: its message is printed already. With exit code 0 for `--help` and
 *   `--version`
 */
export function readFlags(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Flags {
  const list = options()
  const program = new Command('gitsync-operator')
    .description('Writes what people change in a Kubernetes cluster to Git, without cloning.')
    .version(VERSION)
    .exitOverride()
  for (const option of list) program.addOption(option)
  showTwins(program, list)
  program.parse(args, { from: 'user' })
  applyEnvironment(program, list, env)
  const flags = program.opts<Flags>()
  if (flags.rolesOnly === true && flags.namespace.length === 0)
    program.error('error: --roles-only needs --namespace: a Role reads one namespace')
  if (flags.pushHooks !== undefined && flags.pushHookSecretFile === undefined)
    program.error(
      'error: --push-hooks needs --push-hook-secret-file: only who has the secret may say that there was a push',
    )
  if (flags.auditTokenSecret !== undefined && flags.webhook === undefined)
    program.error('error: --audit-token-secret needs --webhook: that is where the API server sends audit events')
  if (flags.auditPage !== undefined && flags.rolesOnly === true)
    program.error(
      'error: --audit-page and --roles-only exclude each other: no Role grants the question whose a token is',
    )
  if (flags.auditPage === undefined && flags.auditPageAudience.length + flags.auditPageProxy.length > 0)
    program.error('error: --audit-page-audience and --audit-page-proxy need --audit-page')
  if (flags.nameExtra !== undefined && flags.emailExtra === undefined)
    program.error('error: --name-extra needs --email-extra: an author without an address is named by the user name')
  // Not checked while the option is read: that would print it, password and all.
  if (flags.budgetRedis !== undefined && !isSharedWindowUrl(flags.budgetRedis))
    program.error(`error: --budget-redis ${SHARED_WINDOW_FORM}`)
  return flags
}
