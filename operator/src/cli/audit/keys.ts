/** Files of public keys, and what checks signatures with them. */
import { readInputFile } from '@gitsync/protocol/cli'
import type { SignatureCheck, VerificationKey, Verifier } from '@gitsync/protocol/sign'
import type { CheckSignature } from '../../audit/verify/record-check.ts'
import { CommandFailure } from '../common/command-failure.ts'

type Format = VerificationKey['format']

const MARKS: readonly (readonly [mark: string, format: Format])[] = [
  ['-----BEGIN SSH SIGNATURE-----', 'SSH'],
  ['-----BEGIN PGP SIGNATURE-----', 'OpenPGP'],
]

export interface GivenKeys {
  readonly keys: readonly VerificationKey[]
  readonly check: CheckSignature
}

/** @throws CommandFailure, GitError naming the file */
export async function readKeys(files: readonly string[]): Promise<GivenKeys> {
  const verifiers = await Promise.all(files.map(verifierOf))
  return {
    keys: verifiers.flatMap(({ keys }) => keys),
    async check({ payload, signature = '', committer }) {
      const format = MARKS.find(([mark]) => signature.startsWith(mark))?.[1]
      if (format === undefined || payload === undefined)
        return { state: 'unreadable', reason: 'it is neither an SSH nor an OpenPGP signature' }
      const able = verifiers.filter(({ keys }) => keys.some((key) => key.format === format))
      if (able.length === 0) return { state: 'unknownKey', reason: `it is by an ${format} key, and none was given` }
      const checks: SignatureCheck[] = []
      for (const verifier of able) checks.push(await verifier.verify(payload, signature, committer.date))
      return checks.reduce((best, one) => (RANK[one.state] < RANK[best.state] ? one : best))
    },
  }
}

/** A key that is known in one of the files counts, though it is not in another. */
const RANK: Readonly<Record<SignatureCheck['state'], number>> = {
  good: 0,
  invalidKey: 1,
  bad: 2,
  unreadable: 3,
  unknownKey: 4,
}

async function verifierOf(file: string): Promise<Verifier> {
  const text = (await readInputFile('--keys', file)).toString()
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(text))
    throw new CommandFailure(
      'usage',
      `--keys ${file} holds a private key: give the public one, and keep this one secret`,
    )
  const { openPgpVerifier, sshVerifier } = await import('@gitsync/protocol/sign')
  try {
    return await (text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----') ? openPgpVerifier : sshVerifier)(text)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CommandFailure('usage', `--keys ${file}: ${why}`, { cause })
  }
}
