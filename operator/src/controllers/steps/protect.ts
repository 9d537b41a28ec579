import { createProtection } from '../../render/secrets/protection.ts'
import type { ProtectionMode } from '../../render/secrets/protection.ts'
import { ProtectionError } from '../../render/secrets/protection-error.ts'
import { loadSecretKeys } from '../secret-keys.ts'
import type { Problem, Reconciliation } from '../step.ts'

/**
 * Settles what becomes of sensitive values. Without the keys for it objects that have some are not written; the others are.
 */
export async function protect(run: Reconciliation): Promise<Problem | undefined> {
  const { secrets, sensitive = [] } = run.gitsync.spec
  const isNothingSensitive = secrets === 'Exclude' && sensitive.length === 0
  run.protection = isNothingSensitive ? undefined : createProtection(await modeOf(run), sensitive)
  return undefined
}

async function modeOf({ environment, gitsync, problems }: Reconciliation): Promise<ProtectionMode> {
  const { secrets, encryption } = gitsync.spec
  if (secrets === 'Exclude' || secrets === 'Redact') return { policy: secrets }
  try {
    const recipients = encryption?.recipients ?? []
    const keys = await loadSecretKeys(environment.client, gitsync, { recipients, now: environment.clock.now() })
    if (secrets === 'Hash') return { policy: secrets, hashKey: keys.hashKey }
    // An object from before the rule that asks for them.
    if (keys.encryption === undefined || recipients.length === 0)
      throw new ProtectionError('spec.encryption.recipients: nobody is named for whom values could be encrypted')
    return { policy: secrets, keys: keys.encryption }
  } catch (error) {
    if (!(error instanceof ProtectionError)) throw error
    problems.push({ reason: error.code, message: error.message })
    return { policy: 'Refuse', why: error.message }
  }
}
