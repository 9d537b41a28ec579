import type { StandIn } from './stand-in.ts'

export { startGitHub } from './github.ts'
export { startGitLab } from './gitlab.ts'

/** What people do on a host with pull requests. */
export interface ForgeHost {
  readonly type: 'GitHub' | 'GitLab' | 'Gitea'
  /** URL of the repository, as for Git. */
  readonly repository: string
  readonly token: string
  open(head: string, base: string, title: string): Promise<number>
  close(number: number): Promise<void>
  merge(number: number): Promise<void>
  labelsOf(number: number): Promise<string[]>
  addLabel(number: number, label: string): Promise<void>
  reviewersOf(number: number): Promise<string[]>
}

export interface ForgeStandIn extends ForgeHost, StandIn {
  /** Somebody's fork may have branches of any name. */
  openFromFork(head: string, base: string): Promise<number>
}
