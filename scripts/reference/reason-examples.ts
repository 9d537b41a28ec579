import type { Reason } from '../../operator/src/api/reasons.ts'

interface Example {
  /** What stands in the way, as the message of the condition says it; `…` for what differs each time. A test provokes it. */
  readonly message: string
  /** What usually is behind it, and what to look at; Markdown. */
  readonly causes: readonly string[]
  /** What mends it, when it is wanted; ID stands for what the message shows. A test runs it. */
  readonly command?: string
}

/** Namespace `shop`, GitSync `shop`, host git.example.com: the same in all messages. */
export const EXAMPLES: Readonly<Record<Reason, Example>> = {
  Succeeded: { message: '1 file is in Git', causes: [] },
  Progressing: {
    message: '1 object is read and compared with the folder',
    causes: [
      '`starting` until the kinds have been listed. When it stays: `/readyz` and the log say what is waited for.',
    ],
  },
  Suspended: { message: 'spec.suspend is true: nothing is read or written', causes: [] },
  InvalidSpec: {
    message:
      'spec.repository.url: "https://git.example.com:70000/shop.git": must be a URL with a valid host and a port up to 65535, as in https://git.example.com/team/audit.git',
    causes: [
      'What the API server can check it refuses at [apply](#errors-of-kubectl-apply); this is what it cannot.',
      'One kind named in two versions; more than 8,192 pairs of kind and namespace that have to be asked for one by one.',
      'An object from before an upgrade, which an older definition has accepted.',
      '`spec.source.grafana.schema` of a Dashboard names resources that its Grafana does not have: `Classic` is for every release. It is asked again by itself.',
    ],
  },
  InvalidTemplate: {
    message:
      'spec.layout.template: template "{nonsense}/{name}.yaml": {nonsense} is unknown; placeholders are {namespace} {type} {kind} {group} {version} {resource} {name}',
    causes: [
      '[Placeholders of files](kinds/gitsync.md#where-files-go) and [of messages](reference/rendering.md#commit-messages) differ.',
    ],
  },
  UnknownKind: {
    message:
      'the API server does not serve Deployment (did you mean {group: "apps", kind: Deployment}?); its files stay',
    causes: [
      'The group is missing: only kinds of the core group (`v1`) have none. `kubectl api-resources` lists them.',
      'The CustomResourceDefinition is not installed, or is gone. Its files stay.',
    ],
  },
  ServiceAccountNotFound: {
    message: 'spec.serviceAccountName: ServiceAccount ghost does not exist in namespace shop',
    causes: ['The account belongs into the namespace of the GitSync.'],
  },
  Forbidden: {
    message:
      'ServiceAccount auditor may not list and watch Service in namespace shop (resource services, group ""); its files stay',
    causes: [
      'The account needs `list` and `watch`; `get` is not enough. [Tenancy](tenancy.md#what-an-account-may-read) has the Role.',
      'A Role counts in its own namespace only; kinds outside namespaces need a ClusterRole with a ClusterRoleBinding.',
      'The operator itself may not read the kind: [chart values](install.md#which-kinds-the-operator-may-read).',
    ],
  },
  SecretNotFound: {
    message: 'spec.repository.secretRef: Secret later does not exist in namespace shop',
    causes: ['Secrets of other namespaces cannot be named.'],
  },
  SecretNotConsenting: {
    message: 'Secret git-credentials lacks the label gitsync.dev/credential: "true"',
    causes: [
      'Label and annotation are the consent to send this token there: without them anybody who may create a GitSync could send it anywhere.',
      'The annotation names hosts: `git.example.com` covers every port, `git.example.com:8443` one. No scheme, no path.',
    ],
  },
  InvalidSecret: {
    message: 'Secret git-credentials has neither the key token nor the keys username and password',
    causes: ['Keys are spelled in lower case. [Credentials](kinds/gitsync.md#credentials) lists them all.'],
  },
  EncryptionFailed: {
    message:
      'spec.encryption.recipients: age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq is not an age recipient: its checksum is wrong',
    causes: [
      'A recipient with a typing error. `age-keygen -y` prints the right one from the private key.',
      'The operator may not make the Secret with its keys: [chart value `watch.secrets`](secrets.md#what-the-platform-team-sets).',
      'An object with a field named `sops`, or with a number that sops cannot keep. The other objects are written.',
    ],
  },
  MappingNotUsable: {
    message: 'spec.authors.mappingRef: ConfigMap people lacks the label gitsync.dev/authors: "true"',
    causes: [
      'The label is the consent to have the values of this ConfigMap written to Git as names. [Names](authors.md#names-and-addresses) has an example.',
      'Nothing is written meanwhile: a commit cannot be renamed afterwards.',
    ],
  },
  ProviderNotFound: {
    message: 'GitProvider corp does not exist',
    causes: ['It exists, but does not list the host, or is invalid: the message says so. `kubectl get gitproviders`.'],
  },
  HostNotAllowed: {
    message: '10.0.0.1 is the private address 10.0.0.1: a GitProvider with allowPrivateAddresses must list the host',
    causes: [
      'The host, or the address behind its name, is private, loopback or link-local.',
      'The URL starts with `http://` and there are credentials.',
      'A [GitProvider](kinds/gitprovider.md) lists the host and leaves this namespace out.',
    ],
  },
  AuthenticationFailed: {
    message:
      'https://git.example.com/shop.git refuses these credentials (401): check user and token, and whether the token has expired; many hosts take a token where a password used to be',
    causes: [
      'The token is expired, revoked, or for another host.',
      'The repository asks for credentials and there is no `secretRef`.',
      'Some hosts want a certain `username` beside a token: [credentials](kinds/gitsync.md#credentials).',
    ],
  },
  PermissionDenied: {
    message:
      'https://git.example.com/shop.git does not allow this (403): these credentials lack the right, or the address is wrong: …',
    causes: ['A token that may read only; an account without the right to push; an address that the host blocks.'],
  },
  RepositoryNotFound: {
    message: 'https://git.example.com/shop.git does not exist, or these credentials may not see it (404)',
    causes: [
      'Private repositories are hidden from credentials that may not see them: most hosts say 404 then.',
      'The repository was renamed. Redirects are not followed: use the new URL.',
    ],
  },
  BranchNotFound: {
    message: 'the server refuses to update refs/heads/main: hook declined; …',
    causes: [
      'A missing branch is created with the first commit. Here the host refused that: a hook or a rule for names.',
    ],
  },
  PushRejected: {
    message: 'the server refuses to update refs/heads/main: hook declined; …',
    causes: [
      "What follows the first semicolon are the host's own words.",
      'A protected branch: let the account push to it, or name another branch.',
      '`takes no push options`: the host would not know what `push.options`, or `pullRequest.via: PushOptions`, ask for.',
    ],
  },
  PullRequestRefused: {
    message:
      'git.example.com: no GitProvider says what it runs: set spec.type of a GitProvider that lists the host to one of GitHub, GitLab, Gitea, Forgejo, or to Gerrit with push.pullRequest.via: PushOptions',
    causes: [
      '`was answered 404`: the token lacks the rights that the message names, or pull requests are switched off in the repository.',
      '`no GitProvider says what it runs`: only github.com, gitlab.com and codeberg.org are known by name.',
      'A reviewer or a team that the host does not know, or that may not read the repository.',
    ],
  },
  PullRequestClosed: {
    message:
      'request 7 of branch gitsync/shop/shop was closed without being merged (https://git.example.com/platform/audit/pulls/7)',
    causes: [
      'Somebody does not want these changes. [What happens then](pull-requests.md#closed-by-a-person).',
      'The branch was deleted, which closes its request.',
    ],
  },
  NotGit: {
    message:
      "https://git.example.com/shop.git does not speak Git's Smart HTTP: it answers text/html, a web page: perhaps one to log in, or of a proxy. Check the address (the one that git clone takes) and the credentials",
    causes: ["The address of a page instead of the repository's clone URL.", 'A proxy or portal that shows a login.'],
  },
  CertificateInvalid: {
    message: 'no answer from git.example.com: its certificate is signed by an authority that is not trusted here: …',
    causes: ['A CA of your own: put it into `ca.crt` of the Secret or `caBundle` of the GitProvider.'],
  },
  Unreachable: {
    message: 'https://git.example.com/shop.git failed (503): …',
    causes: [
      "A NetworkPolicy or firewall between the operator's Pod and the host; a name that cannot be resolved there.",
      'The host is down. What changes meanwhile is written when it answers.',
    ],
  },
  RateLimited: {
    message: 'https://git.example.com/shop.git asks for fewer requests (429): …',
    causes: [
      'The condition `RateLimited` says until when nothing is sent.',
      '`the server that counts for all operators does not answer`: the platform team looks after the Redis of `budgetRedis.secretName`, its URL, and the network between: [several operators](rate-limits.md#several-operators).',
    ],
  },
  LimitExceeded: {
    message:
      '1 object cannot be made a file: Dashboard.gitsync.dev/shop/other (its file would have more than 16777216 bytes)',
    causes: [
      'Lists in lists, hundreds deep: each line of the file is indented by all of them. `spec.exclude` leaves the object out.',
      'An answer of the host, or what waits to be pushed, is larger than the operator takes.',
      'Select less, or divide the folder among several GitSyncs: [limits](limits.md).',
    ],
  },
  FileUnreadable: {
    message: 'cannot be read, and stays as it is: shop/configmap/settings.yaml (… (line 2, column 1))',
    causes: [
      'Somebody has left marks of a merge conflict in it, or a slip of the pen; the message has the place.',
      'It is larger than 4 MiB, not UTF-8, or has YAML that is no JSON: tags, lists as keys.',
      'How files are read and edited: [content](content.md#files-that-cannot-be-read).',
    ],
  },
  PathConflict: {
    message:
      'several objects want one file, and none is written: %43onfig%4Dap.yaml (ConfigMap/shop/second, ConfigMap/shop/settings)',
    causes: ['The template lacks `{name}`, `{type}` or, with several namespaces, `{namespace}`.'],
  },
  PathOverlap: {
    message: 'path shop on branch main overlaps with an older one: GitSync older writes .',
    causes: ['`path` is `.` (the default) for two GitSyncs of one branch.', 'The older one goes on writing.'],
  },
  FolderClaimed: {
    message: 'the folder shop belongs to another GitSync or cluster (take-over=…)',
    command: 'kubectl annotate gitsync shop -n shop gitsync.dev/take-over=ID --overwrite',
    causes: [
      'The GitSync was deleted and made again: it is a new one. Take the folder over.',
      'Another cluster writes there: give each cluster its own path.',
    ],
  },
  HistoryRewritten: {
    message: 'commit … was in the history of the branch and is not any more: its tip is … now (accept-history=…)',
    command: 'kubectl annotate gitsync shop -n shop gitsync.dev/accept-history=ID --overwrite',
    causes: [
      'Somebody has pushed with force: squashed the history, or set the branch back. When that was meant, accept it.',
      'A repository was restored from a backup. Commits that are missing are in nobody else’s hands: look first whether the branch can be put back.',
    ],
  },
  Drifted: {
    message: '… was changed by … in … (confirm-overwrite=…)',
    command: 'kubectl annotate gitsync shop -n shop gitsync.dev/confirm-overwrite=ID --overwrite',
    causes: [
      'Somebody has edited a file of this GitSync in Git, and `onDrift` is `Stall`. `git log -1 -- FILE` says who.',
      'Commits by another committer than `spec.commit.committer` count as somebody else’s, former committers included.',
    ],
  },
  MassDeletion: {
    message: '… files would be deleted…, more than half of the folder (confirm-deletion=…)',
    command: 'kubectl annotate gitsync shop -n shop gitsync.dev/confirm-deletion=ID --overwrite',
    causes: ['A namespace was emptied, on purpose or not. Everything else goes on being written.'],
  },
  InvalidDashboard: {
    message: 'line 3, column 1: a key in double quotes was expected, and "}" found',
    causes: [
      'A comma too many, a comment, or a text that was cut. In `source.json` line and column count from the first character of the text.',
      'A key that stands twice in one object: readers differ in which of them they take.',
      'A resource of `dashboard.grafana.app`, or the answer of an API around the dashboard: [what is a dashboard](kinds/dashboard.md#what-is-refused).',
      'A running Grafana keeps the dashboard in another schema than `spec.source.grafana.schema` asks for: [which to take](kinds/dashboard.md#take-dashboards-as-resources).',
    ],
  },
  DuplicateUid: {
    message:
      'uid checkout is also that of Dashboard.gitsync.dev/shop/original, and Grafana takes one of them; all are written',
    causes: ['A dashboard was copied, and its `uid` with it. Without a `uid` Grafana gives each one of its own.'],
  },
  ConfigMapNotFound: {
    message: 'spec.source.configMapRef.name: ConfigMap grafana-nodes does not exist in namespace shop; the file stays',
    causes: [
      'The ConfigMap was deleted or renamed, or has another key. What a Dashboard names by `name` and `key` is expected to be there; that it went removes no file.',
    ],
  },
  GrafanaUnavailable: {
    message: 'GET https://grafana.example.com/api/dashboards/uid/checkout/versions: …',
    causes: [
      'Grafana is down, or cannot be reached from the operator; a proxy answers in its place (429, 502, a page for people).',
      'The address is that of another program, or leaves out the path below which Grafana is served.',
    ],
  },
  GrafanaRefused: {
    message:
      "GET https://grafana.example.com/api/dashboards/uid/checkout/versions was answered 403: You'll need additional permissions to perform this action. Permissions needed: dashboards:write; …",
    causes: [
      'Answered 401: the token has expired or was deleted, or user and password are wrong.',
      'Answered 403: Grafana shows versions to those alone who may write the dashboard: a service account needs the role Editor, or `dashboards:read` and `dashboards:write` on its folder.',
      'Answered 403 to `spec.source.grafana.alertRules`: rules need `alert.provisioning:read`, which in Grafana 10 the role Admin has, or in later releases `alert.rules:read` and `folders:read`; library panels need `library.panels:read`. Dashboards go on.',
    ],
  },
  NotInGrafana: {
    message:
      'spec.source.grafana.uid: https://grafana.example.com has no dashboard checkout, or does not show it to this login',
    causes: [
      'The uid is wrong, or is that of another organisation of the same Grafana.',
      'It was deleted there. If it was in Git, its file goes, as far as `spec.prune` of the GitSync lets it; not where Grafana shows no other dashboard either, since a Grafana that has lost its database looks like that.',
      'Of many: the folder is not there, or none of several dashboards is. Their files stay, since another organisation of the same Grafana, and a login that sees less than before, look like that; delete the Dashboard to remove them.',
      'Of `alertRules`: alerting is switched off in that Grafana (`unified_alerting.enabled`), or it is older than Grafana 10.',
    ],
  },
  VersionsMissing: {
    message: 'versions 1 to 2 are not in Grafana any more, which keeps only the newest',
    causes: [
      'The condition is `Incomplete`; Ready stays True. Grafana keeps 20 versions of each dashboard (`versions_to_keep`), and there were more while nobody asked; the commit after them says so in a line `Gitsync-Missing`.',
      'The dashboard was deleted and made anew, or Grafana went back to a backup.',
      'A version is no dashboard in the schema that `spec.source.grafana.schema` names, since Grafana could not convert it.',
    ],
  },
  SyncNotFound: {
    message: 'spec.syncRef.name: GitSync later does not exist in namespace shop',
    causes: ['A Dashboard names a GitSync of its own namespace. Once that exists the file is written.'],
  },
  SyncNotWriting: {
    message: 'GitSync shop does not write now (Suspended)',
    causes: [
      'The GitSync is suspended, or cannot write: its own condition Ready has the reason that stands in the message.',
      '`spec.exclude` or `spec.ignoreManagers` of the GitSync leave this Dashboard out.',
    ],
  },
  LeftOut: {
    message: 'ServiceAccount auditor may not list and watch … of … kinds that kind: "*" stands for: …',
    causes: [
      'The condition is `Incomplete`; Ready stays True. Usual for an account with Roles alone: kinds outside namespaces need a ClusterRole.',
      '[What `*` stands for](selection.md#every-kind-of-a-group); the operator itself may read [the kinds of its chart values](install.md#which-kinds-the-operator-may-read).',
    ],
  },
  ClusterUnavailable: {
    message: '…cannot list or watch PodDisruptionBudget.policy: …',
    causes: ['The API server does not answer lists or watches of a kind; often a conversion webhook that is down.'],
  },
  InternalError: {
    message: '1 object cannot be made a file: …',
    causes: ['An object that cannot be made a file is named in the message; the others are written.'],
  },
}
