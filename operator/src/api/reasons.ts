/** The closed list of condition reasons; the troubleshooting page has an entry for each. */

export interface ReasonDoc {
  /** One line: what happened. */
  readonly meaning: string
  /** One line: what to do. */
  readonly remedy: string
  /**
   * `ok`: as wanted. `progress`: goes on by itself. `retry`: failed, tried again with growing pauses.
   * `stall`: waits for a change of the object, of what it names, or of an annotation.
   */
  readonly outcome: 'ok' | 'progress' | 'retry' | 'stall'
}

const NOTHING = 'Nothing to do.'

export const REASONS = {
  Succeeded: { outcome: 'ok', meaning: 'Git holds what the cluster holds.', remedy: NOTHING },
  Progressing: { outcome: 'progress', meaning: 'Objects are being read, compared or pushed.', remedy: NOTHING },
  Suspended: {
    outcome: 'stall',
    meaning: 'spec.suspend is true: nothing is written.',
    remedy: 'Set spec.suspend to false to go on.',
  },
  InvalidSpec: {
    outcome: 'stall',
    meaning: 'A field of the spec has a value that is not accepted.',
    remedy: 'Correct the field that the message names.',
  },
  InvalidTemplate: {
    outcome: 'stall',
    meaning:
      'spec.layout.template, spec.layout.expression or spec.commit.message has an unknown placeholder or variable, or an unsafe part.',
    remedy: 'Use the placeholders or variables that the message lists.',
  },
  UnknownKind: {
    outcome: 'retry',
    meaning: 'The API server does not serve a kind named in resources; its files stay.',
    remedy: 'Correct group, version and kind, or install the CustomResourceDefinition.',
  },
  ServiceAccountNotFound: {
    outcome: 'retry',
    meaning: 'serviceAccountName names an account that does not exist in the namespace.',
    remedy: 'Create the ServiceAccount or name another.',
  },
  Forbidden: {
    outcome: 'retry',
    meaning:
      'The ServiceAccount may not list and watch a selected kind, or the operator lacks a permission of its own; files stay.',
    remedy:
      'Grant what the message names: list and watch to the ServiceAccount; to the operator watch.rules or watch.secrets of the chart; a label of the namespace is the platform team’s to set.',
  },
  SecretNotFound: {
    outcome: 'retry',
    meaning: 'A Secret named by a secretRef does not exist.',
    remedy: 'Create it in the namespace of the GitSync.',
  },
  SecretNotConsenting: {
    outcome: 'retry',
    meaning: 'The Secret lacks the label gitsync.dev/credential or the host in its annotation gitsync.dev/hosts.',
    remedy: 'Add the label with the value "true" and the host to the annotation.',
  },
  InvalidSecret: {
    outcome: 'retry',
    meaning: 'The Secret has no usable keys.',
    remedy: 'Give it token, or username and password; for SSH identity and known_hosts; to sign, identity or git.asc.',
  },
  EncryptionFailed: {
    outcome: 'retry',
    meaning: 'What is needed to encrypt or hash is not there, or an object cannot be encrypted; it is not written.',
    remedy: 'Correct what the message names; nothing is ever written in the clear instead.',
  },
  MappingNotUsable: {
    outcome: 'retry',
    meaning:
      'The ConfigMap named by authors.mappingRef does not exist, lacks its label, or has a line that names nobody.',
    remedy: 'Create it, add the label gitsync.dev/authors with the value "true", or correct the line.',
  },
  ProviderNotFound: {
    outcome: 'retry',
    meaning: 'The GitProvider named by providerRef does not exist or does not list the host.',
    remedy: 'Ask the platform team for a GitProvider, or correct providerRef.',
  },
  HostNotAllowed: {
    outcome: 'retry',
    meaning:
      'The host is private, or wants credentials over plain http, and no GitProvider allows it; or it is not open to this namespace.',
    remedy: 'Ask the platform team for a GitProvider with this host that allows it.',
  },
  AuthenticationFailed: {
    outcome: 'retry',
    meaning: 'The Git host refused the credentials.',
    remedy: 'Name a Secret in repository.secretRef, or renew its token; it needs permission to write.',
  },
  PermissionDenied: {
    outcome: 'retry',
    meaning: 'The credentials may read the repository but not write to it.',
    remedy: 'Give the account or token permission to write.',
  },
  RepositoryNotFound: {
    outcome: 'retry',
    meaning: 'The host has no such repository, or hides it from these credentials.',
    remedy: 'Create the repository, correct url, or give the account access.',
  },
  BranchNotFound: {
    outcome: 'retry',
    meaning: 'The branch does not exist and could not be created.',
    remedy: 'Create the branch or allow the account to do so.',
  },
  PushRejected: {
    outcome: 'retry',
    meaning: 'The host refused the push (branch protection, a hook, a quota); the message has its words.',
    remedy: 'Correct what the host names (hooks, quotas, file sizes).',
  },
  PullRequestRefused: {
    outcome: 'retry',
    meaning: 'The host did not do what was asked about the pull or merge request; the message has its words.',
    remedy:
      "Correct what the host names: the token's permissions, pull requests that are switched off, labels or reviewers it does not know, type of the GitProvider.",
  },
  PullRequestClosed: {
    outcome: 'stall',
    meaning: 'Somebody closed the request without merging it; what it proposed is not proposed again as it is.',
    remedy:
      'Change the objects (back, or further), or set the annotation gitsync.dev/requested-at to a new value to propose it again.',
  },
  NotGit: {
    outcome: 'retry',
    meaning: 'The URL answers, but not as a Git server does (a web page, most likely).',
    remedy: 'Use the clone URL of the repository.',
  },
  CertificateInvalid: {
    outcome: 'retry',
    meaning: "The host's certificate is not trusted, is expired, or names another host.",
    remedy: 'Put the CA in the Secret (ca.crt) or in caBundle of the GitProvider, or renew the certificate.',
  },
  Unreachable: {
    outcome: 'retry',
    meaning: 'The host does not answer or answers with server errors.',
    remedy: 'Check name, network policy and the host; writing goes on by itself when it answers.',
  },
  RateLimited: {
    outcome: 'retry',
    meaning:
      'The host asked to wait, what its GitProvider allows is used up and others have their turn first, or the server in which operators count together does not answer.',
    remedy: 'It goes on by itself; fewer GitSyncs per host or a longer window need fewer requests.',
  },
  LimitExceeded: {
    outcome: 'stall',
    meaning: 'An object, folder or answer is larger than the limit that the message names.',
    remedy: 'Select less, or divide it among several GitSyncs with a folder each.',
  },
  FileUnreadable: {
    outcome: 'retry',
    meaning: 'A file that holds, or should hold, an object cannot be read; it stays as it is, and the others go on.',
    remedy: 'Correct or remove the file that the message names, or set spec.layout.existing to Replace.',
  },
  PathConflict: {
    outcome: 'stall',
    meaning: 'Two objects want the same file; neither is written.',
    remedy:
      'Give each object a path of its own by layout.template or layout.expression, or let them share a file with layout.documents: Many; of Dashboards give each its own spec.path or title.',
  },
  PathOverlap: {
    outcome: 'stall',
    meaning: 'An older GitSync writes to the same folder, one above or one below, on the same branch.',
    remedy: 'Choose another path or branch.',
  },
  FolderClaimed: {
    outcome: 'stall',
    meaning: 'The folder belongs to another GitSync or cluster (its .gitsync file says so).',
    remedy: 'Choose another path, or set the annotation gitsync.dev/take-over to the owner in the message.',
  },
  HistoryRewritten: {
    outcome: 'stall',
    meaning: 'Commits that were on the branch are not in its history any more: somebody has replaced it.',
    remedy:
      'Put the branch back, or set the annotation gitsync.dev/accept-history to what stands behind accept-history= in the message, to write on top of what is there now.',
  },
  Drifted: {
    outcome: 'stall',
    meaning: 'Somebody else has changed files of this GitSync in Git, and spec.onDrift is Stall.',
    remedy:
      'Undo the change in Git, make the same change in the cluster, or set the annotation gitsync.dev/confirm-overwrite to the token in the message to write over it.',
  },
  MassDeletion: {
    outcome: 'stall',
    meaning: 'More than 10 files and more than half of the folder would be deleted.',
    remedy: 'If that is wanted, set the annotation gitsync.dev/confirm-deletion to the token in the message.',
  },
  InvalidDashboard: {
    outcome: 'stall',
    meaning:
      'What a Dashboard holds is not JSON, is no dashboard that Grafana imports, or is too large; its file stays.',
    remedy: 'Correct spec.source, or what it names; the message names the place or the field.',
  },
  DuplicateUid: {
    outcome: 'stall',
    meaning: 'Two dashboards of one GitSync have the same uid: Grafana takes only one of them. Both are written.',
    remedy: 'Give one of them another uid, or none.',
  },
  ConfigMapNotFound: {
    outcome: 'retry',
    meaning: 'The ConfigMap that a Dashboard names does not exist, or lacks the key; its file stays.',
    remedy: 'Create it, correct spec.source.configMapRef, or delete the Dashboard to remove its file.',
  },
  GrafanaUnavailable: {
    outcome: 'retry',
    meaning:
      'The Grafana of a Dashboard does not answer, asks to wait, or answers otherwise than a Grafana; the file stays.',
    remedy: 'Check spec.source.grafana.url, and whether Grafana runs there; it is asked again by itself.',
  },
  GrafanaRefused: {
    outcome: 'retry',
    meaning: 'The Grafana of a Dashboard refuses the login, or does not let it read versions; the file stays.',
    remedy:
      'Put a valid token of a service account into the Secret, and give the account dashboards:read and dashboards:write on the dashboard (role Editor).',
  },
  NotInGrafana: {
    outcome: 'retry',
    meaning:
      'The Grafana of a Dashboard has no dashboard or folder of this uid, or none any more of those that it had.',
    remedy:
      'Correct what the message names, restore the dashboard in Grafana, or delete the Dashboard if it is not wanted any more.',
  },
  VersionsMissing: {
    outcome: 'ok',
    meaning: 'Some versions of a dashboard are not in the history in Git, since Grafana does not give them.',
    remedy: 'A shorter spec.source.grafana.interval, or versions_to_keep of Grafana, keeps more of them.',
  },
  SyncNotFound: {
    outcome: 'retry',
    meaning: 'The GitSync that a Dashboard names does not exist in its namespace.',
    remedy: 'Create it, or correct spec.syncRef.name.',
  },
  SyncNotWriting: {
    outcome: 'retry',
    meaning: 'The GitSync that a Dashboard names does not write now, or leaves this Dashboard out.',
    remedy: 'See the conditions of the GitSync, and its spec.exclude and spec.ignoreManagers.',
  },
  LeftOut: {
    outcome: 'ok',
    meaning:
      'kind: "*" also stands for kinds that are not read, as the ServiceAccount or the operator may not; the rest is written.',
    remedy:
      'Grant list and watch on them, exclude them in spec.exclude, or give scope: Namespaced for those in namespaces alone.',
  },
  ClusterUnavailable: {
    outcome: 'retry',
    meaning: 'Objects could not be listed from the API server; nothing is deleted meanwhile.',
    remedy: 'Check the API server; reading goes on by itself when it answers.',
  },
  InternalError: {
    outcome: 'retry',
    meaning: 'Something that should not happen did; the log has the details.',
    remedy: 'Report it with the log line.',
  },
} as const satisfies Readonly<Record<string, ReasonDoc>>

export type Reason = keyof typeof REASONS
