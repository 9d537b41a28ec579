#!/usr/bin/env -S MALLOC_ARENA_MAX=2 node --max-semi-space-size=2 --optimize-for-size
import { CommanderError } from 'commander'
import { readFlags } from './flags.ts'
import { startOperator } from './operator.ts'

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env)
  const operator = await startOperator({
    kubeconfig: flags.kubeconfig,
    namespaces: flags.namespace.length === 0 ? undefined : flags.namespace,
    metrics: flags.metrics,
    admin: flags.admin,
    adminHeapSnapshots: flags.adminHeapSnapshots === true,
    budgetRedis: flags.budgetRedis,
    pushHooks: flags.pushHooks,
    pushHookSecretFile: flags.pushHookSecretFile,
    auditPage:
      flags.auditPage === undefined
        ? undefined
        : {
            address: flags.auditPage,
            audiences: flags.auditPageAudience,
            trust: {
              networks: flags.auditPageProxy,
              userHeader: flags.auditPageUserHeader,
              groupsHeader: flags.auditPageGroupsHeader,
            },
          },
    logLevel: flags.logLevel,
    allowPrivateHosts: flags.allowPrivateHosts === true,
    rolesOnly: flags.rolesOnly === true,
    trustedAccounts: flags.trustedAccount,
    webhook:
      flags.webhook === undefined
        ? undefined
        : {
            address: flags.webhook,
            name: flags.webhookName,
            configuration: flags.webhookConfiguration,
            hosts: flags.webhookHost.length === 0 ? ['localhost'] : flags.webhookHost,
            auditSecret: flags.auditTokenSecret,
            extra: { email: flags.emailExtra, name: flags.nameExtra },
          },
    advertiseAddress: flags.advertiseAddress,
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
  // Its message is printed already.
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : 2)
  process.stderr.write(`gitsync-operator: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
