import type { Command } from 'commander'
import type { Signer } from '../client/sign/signer.ts'
import { GitError, isGitError } from '../format/errors.ts'
import { readInputFile } from './input-file.ts'

export interface SigningFlags {
  readonly sign?: string
  readonly signPassphrase?: string
}

export function addSigningOptions(command: Command): Command {
  return command
    .option('--sign <file>', 'sign with this private key: OpenSSH, or armored OpenPGP')
    .option(
      '--sign-passphrase <text>',
      'opens that key; better given as GITSYNC_SIGN_PASSPHRASE, which no process list shows',
    )
}

/** @throws GitError `InvalidInput` naming the flag */
export async function signerOf({ sign, signPassphrase }: SigningFlags): Promise<Signer | undefined> {
  if (sign === undefined) {
    if (signPassphrase !== undefined) throw invalid('--sign-passphrase', 'needs --sign beside it')
    return undefined
  }
  const key = (await readInputFile('--sign', sign)).toString()
  const options = signPassphrase === undefined ? {} : { passphrase: signPassphrase }
  try {
    // Who signs nothing loads neither.
    if (key.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) {
      return await (await import('../client/sign/open-pgp.ts')).openPgpSigner(key, options)
    }
    if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) {
      return await (await import('../client/sign/ssh.ts')).sshSigner(key, options)
    }
  } catch (error) {
    if (!isGitError(error)) throw error
    const remedy = signPassphrase === undefined && /encrypted/i.test(error.message) ? ' (GITSYNC_SIGN_PASSPHRASE)' : ''
    throw invalid('--sign', `${sign}: ${error.message.replace(/^key: /, '')}${remedy}`, error)
  }
  throw invalid('--sign', `${sign} holds no private key of OpenSSH or OpenPGP`)
}

function invalid(field: string, problem: string, cause?: unknown): GitError {
  return new GitError('InvalidInput', `${field} ${problem}`, { field, ...(cause === undefined ? {} : { cause }) })
}
