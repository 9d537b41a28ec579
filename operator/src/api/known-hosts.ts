/** Hosts that everybody knows, by name: what they run, and where their pages are. */
import type { HostType } from './provider-limits.ts'

const TYPES: Readonly<Record<string, HostType>> = {
  'github.com': 'GitHub',
  'ssh.github.com': 'GitHub',
  'gitlab.com': 'GitLab',
  'altssh.gitlab.com': 'GitLab',
  'bitbucket.org': 'Bitbucket',
  'altssh.bitbucket.org': 'Bitbucket',
  'codeberg.org': 'Forgejo',
  'dev.azure.com': 'AzureDevOps',
  'ssh.dev.azure.com': 'AzureDevOps',
}

const PAGES: Readonly<Record<string, string>> = {
  'ssh.github.com': 'github.com',
  'altssh.gitlab.com': 'gitlab.com',
  'altssh.bitbucket.org': 'bitbucket.org',
}

/** The host that has pages and API of one that is reached over SSH: some have a name of their own for that. */
export const pageHostOf = (hostname: string): string => PAGES[hostname] ?? hostname

/** What a host runs when nobody says so. */
export const typeOfHost = (hostname: string): HostType =>
  TYPES[hostname] ?? (hostname.endsWith('.visualstudio.com') ? 'AzureDevOps' : 'Generic')
