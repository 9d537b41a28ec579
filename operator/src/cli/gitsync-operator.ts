#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2 --optimize-for-size
import { Command, InvalidArgumentError, Option } from 'commander'
import { LOG_LEVELS } from '../serve/log.ts'
import { startOperator } from './operator.ts'

interface Flags {
  readonly kubeconfig?: string
  readonly namespace: readonly string[]
  readonly metrics: string
  readonly admin?: string
  readonly adminHeapSnapshots?: boolean
  readonly logLevel: string
  readonly allowPrivateHosts?: boolean
  readonly rolesOnly?: boolean
  readonly identity?: string
  readonly leaseNamespace?: string
  readonly leaseName?: string
}

/** As the API server has it: RFC 1123. */
const OBJECT_NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/

const objectName = (value: string): string => {
  if (OBJECT_NAME.test(value)) return value
  throw new InvalidArgumentError('It must be a name in lower case letters, digits, - and .')
}

const text = (value: string): string => {
  if (value.trim() !== '') return value
  throw new InvalidArgumentError('It must not be empty.')
}

const collect = (value: string, list: readonly string[]): string[] => [...list, ...value.split(',')]

const program = new Command('gitsync-operator')
  .description('Writes what people change in a Kubernetes cluster to Git, without cloning.')
  .addOption(new Option('--kubeconfig <file>', 'default: KUBECONFIG, else in-cluster').env('GITSYNC_KUBECONFIG'))
  .addOption(
    new Option('--namespace <name>', 'read only this namespace (repeatable)')
      .env('GITSYNC_NAMESPACE')
      .argParser(collect)
      .default([], 'all'),
  )
  .addOption(
    new Option('--metrics <host:port>', 'address of /healthz, /readyz and /metrics')
      .env('GITSYNC_METRICS')
      .default('127.0.0.1:8080'),
  )
  .addOption(
    new Option('--admin <host:port>', 'address of /log-level and /profile, best on loopback; default: not served').env(
      'GITSYNC_ADMIN',
    ),
  )
  .addOption(
    new Option(
      '--admin-heap-snapshots',
      'give heap snapshots at /profile/heap: they contain everything in memory, Secrets and tokens too',
    ).env('GITSYNC_ADMIN_HEAP_SNAPSHOTS'),
  )
  .addOption(
    new Option('--log-level <level>', 'least level that is logged')
      .env('GITSYNC_LOG_LEVEL')
      .choices(LOG_LEVELS)
      .default('info'),
  )
  .addOption(
    new Option('--allow-private-hosts', 'for development: loopback and private Git hosts').env(
      'GITSYNC_ALLOW_PRIVATE_HOSTS',
    ),
  )
  .addOption(
    new Option(
      '--roles-only',
      'with --namespace: ask for nothing that a Role cannot grant; GitProviders are not read, their hosts have no rules',
    ).env('GITSYNC_ROLES_ONLY'),
  )
  .addOption(
    new Option('--lease-namespace <name>', "of the Lease that one operator at a time holds; default: the connection's")
      .env('GITSYNC_LEASE_NAMESPACE')
      .argParser(objectName),
  )
  .addOption(
    new Option('--lease-name <name>', 'default: gitsync-operator, with a suffix for the set of --namespace')
      .env('GITSYNC_LEASE_NAME')
      .argParser(objectName),
  )
  .addOption(
    new Option('--identity <text>', 'this process in the Lease, shared with no running one; default: HOSTNAME_PID')
      .env('GITSYNC_IDENTITY')
      .argParser(text),
  )
  .exitOverride()

async function main(): Promise<void> {
  program.parse()
  const flags = program.opts<Flags>()
  if (flags.rolesOnly === true && flags.namespace.length === 0)
    program.error('error: --roles-only needs --namespace: a Role reads one namespace')
  const operator = await startOperator({
    kubeconfig: flags.kubeconfig,
    namespaces: flags.namespace.length === 0 ? undefined : flags.namespace,
    metrics: flags.metrics,
    admin: flags.admin,
    adminHeapSnapshots: flags.adminHeapSnapshots === true,
    logLevel: flags.logLevel,
    allowPrivateHosts: flags.allowPrivateHosts === true,
    rolesOnly: flags.rolesOnly === true,
    identity: flags.identity,
    leaseNamespace: flags.leaseNamespace,
    leaseName: flags.leaseName,
    env: process.env,
  })
  void operator.failed.then(() => process.exit(1))
  let stopping = false
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      // A second signal means it.
      if (stopping) process.exit(1)
      stopping = true
      operator.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`gitsync-operator: cannot stop cleanly: ${String(error)}\n`)
          process.exit(1)
        },
      )
    })
  }
}

try {
  await main()
} catch (error) {
  const { code, exitCode, message } = error as { code?: string; exitCode?: number; message?: string }
  if (code?.startsWith('commander.') === true) process.exit(exitCode === 0 ? 0 : 2)
  process.stderr.write(`gitsync-operator: ${message ?? String(error)}\n`)
  process.exit(1)
}
