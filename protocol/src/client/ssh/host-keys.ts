import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { GitError } from '../../format/errors.ts'
import type { SshAddress } from './address.ts'
import { keyType, KnownHosts } from './known-hosts.ts'
import type { SshOptions } from './options.ts'

/** Decides whether the key that a host shows is the one it should have. Nothing is ever learned from the host itself. */
export interface HostKeys {
  /** Signature algorithms to ask for, those of known keys first. */
  readonly algorithms: readonly string[]
  /** Why the key is refused; undefined when it is right. */
  refusal(key: Buffer): GitError | undefined
}

/** Without `ssh-rsa`, whose signatures are made over SHA-1. */
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** @throws GitError `InvalidInput` for a file of known hosts that cannot be read */
export async function loadHostKeys(address: SshAddress, options: SshOptions): Promise<HostKeys> {
  if (options.hostKeys !== undefined) return pinned(address, options.hostKeys)
  const known = new KnownHosts(await knownHostsText(options))
  const { host, port } = address
  return {
    algorithms: prefer(known.types(host, port)),
    refusal: (key) => {
      const verdict = known.verdict(host, port, key)
      return verdict === 'known' ? undefined : refuse(address, key, REASONS[verdict])
    },
  }
}

const REASONS = {
  unknown: 'is not among the known hosts: check the fingerprint, then add it to ssh.knownHosts or ssh.hostKeys',
  changed: 'is not the one it is known by: somebody may be in between, or the host has a new key',
  revoked: 'has been revoked in the known hosts',
  'authority-only':
    'is known by a @cert-authority line only, and host certificates are not supported: add the key itself',
} as const

function pinned(address: SshAddress, fingerprints: readonly string[]): HostKeys {
  const wanted = new Set(fingerprints.map((fingerprint) => fingerprint.replace(/=$/, '')))
  return {
    algorithms: prefer([]),
    refusal: (key) =>
      wanted.has(fingerprintOf(key))
        ? undefined
        : refuse(
            address,
            key,
            'is none of ssh.hostKeys: list the fingerprints of all its keys',
            [...wanted].join(', '),
          ),
  }
}

function prefer(types: readonly string[]): string[] {
  const order = new Set([...types, ...Object.keys(ALGORITHMS)])
  return [...order].flatMap((type) => ALGORITHMS[type] ?? [])
}

function refuse({ host, port }: SshAddress, key: Buffer, reason: string, expected?: string): GitError {
  const actual = fingerprintOf(key)
  const type = keyType(key) ?? 'unknown'
  return new GitError('UntrustedHost', `the key of ${host} port ${port} (${type}, ${actual}) ${reason}`, {
    actual,
    ...(expected === undefined ? {} : { expected }),
  })
}

function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

async function knownHostsText({ knownHosts, knownHostsFiles }: SshOptions): Promise<string> {
  if (knownHosts !== undefined || knownHostsFiles !== undefined) {
    const files = await Promise.all((knownHostsFiles ?? []).map(readKnownHosts))
    return [knownHosts ?? '', ...files].join('\n')
  }
  const usual = [join(homedir(), '.ssh', 'known_hosts'), '/etc/ssh/ssh_known_hosts']
  // Where there is no file nothing is known, and every host refused.
  return (await Promise.all(usual.map((path) => readFile(path, 'utf8').catch(() => '')))).join('\n')
}

async function readKnownHosts(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    throw new GitError('InvalidInput', `ssh.knownHostsFiles: cannot read ${JSON.stringify(path)}: ${String(cause)}`, {
      field: 'ssh.knownHostsFiles',
      path,
      cause,
    })
  }
}
