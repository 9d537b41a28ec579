/** What a Git host offers for review, in one vocabulary: pull requests, which GitLab calls merge requests. */

/** A branch that is to be merged into another of the same repository; short names. */
export interface HeadAndBase {
  readonly head: string
  readonly base: string
}

export interface PullRequest {
  /** As people cite it: `#7`, `!7`. */
  readonly number: number
  /** Its page. */
  readonly url: string
  readonly state: PullRequestState
  /** Without the words by which some hosts mark a draft. */
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly isDraft: boolean
}

export type PullRequestState = 'Open' | 'Closed' | 'Merged'

export interface NewPullRequest extends HeadAndBase {
  readonly title: string
  readonly body: string
  readonly isDraft: boolean
}

/** What is left out stays as it is. */
export interface PullRequestChanges {
  readonly title?: string | undefined
  readonly body?: string | undefined
  /** True closes it. */
  readonly close?: boolean
}

/**
 * One repository's pull requests. Every method throws ForgeError.
 *
 * Branches are no business of it: Git itself deletes one only where it is expected to be.
 */
export interface Forge {
  /** @throws ForgeError `NotFound` */
  read(number: number): Promise<PullRequest>
  /** The open one, else the newest; of forks, whose branches may have any name, none. Undefined when there is none. */
  find(place: HeadAndBase): Promise<PullRequest | undefined>
  /** @throws ForgeError `Exists` when an open one has the same head and base */
  create(request: NewPullRequest): Promise<PullRequest>
  update(before: PullRequest, changes: PullRequestChanges): Promise<PullRequest>
  /** Labels that the host does not know are made. */
  label(number: number, change: { readonly add: readonly string[]; readonly remove: readonly string[] }): Promise<void>
  /** @param reviewers names of accounts; `team:NAME` of teams, where the host has them */
  requestReview(number: number, reviewers: readonly string[]): Promise<void>
}
