/** What a GitSync asks for, as far as the request is concerned. */
export interface ReviewSettings {
  /** Branch that the request is merged into; short name. */
  readonly base: string
  /** `type` of the GitProvider: which API the host has. */
  readonly hostType: string | undefined
  readonly via: 'API' | 'PushOptions'
  /** Each author has a head and a request of their own: their branches, see `authorBranch`. Default: one for all. */
  readonly authorBranches?: string | undefined
  readonly title?: string | undefined
  readonly body?: string | undefined
  readonly labels: readonly string[]
  readonly reviewers: readonly string[]
  readonly draft: boolean
  /** Whether the branch goes when the request was merged. */
  readonly deleteBranch: boolean
}

/** A request as the status of a GitSync tells it. */
export interface PullRequestStatus {
  /** Unknown where the host was only asked by push options. */
  readonly number?: number | undefined
  readonly url?: string | undefined
  readonly state: 'Open' | 'Merged' | 'Closed'
  /** Branch that it merges. */
  readonly branch: string
  readonly title?: string | undefined
  /** Somebody has closed it, and what it proposed is still not in the base. */
  readonly isRefused?: boolean | undefined
}
