/** What has to be there before a page's first command: the page says so in words, this in objects. */
export type Given =
  /** A cluster, and nothing of ours. Where the page installs the operator, it runs as its Deployment says. */
  | 'cluster'
  /** The kinds, the operator, namespace `shop` with an application, and the account and Secret of `examples/gitsync.yaml`. */
  | 'shop'
  /** As `shop`, with the GitSync of the example, ready. */
  | 'gitsync'

/** Pages whose commands are run, in their order, in one shell for each page. */
export const STORIES: Readonly<Record<string, Given>> = {
  'docs/audit-page.md': 'gitsync',
  'docs/audit.md': 'gitsync',
  'docs/authors.md': 'gitsync',
  'docs/commits.md': 'gitsync',
  'docs/content.md': 'shop',
  'docs/guides/admin-ui.md': 'gitsync',
  'docs/guides/grafana-round-trip.md': 'shop',
  'docs/install.md': 'cluster',
  'docs/kinds/dashboard.md': 'gitsync',
  'docs/kinds/gitprovider.md': 'shop',
  'docs/kinds/gitsync.md': 'shop',
  'docs/kubectl.md': 'gitsync',
  'docs/operations.md': 'gitsync',
  'docs/pull-requests.md': 'shop',
  'docs/quickstart.md': 'cluster',
  'README.md': 'shop',
  'docs/runbooks/GitSyncDeletionRefused.md': 'gitsync',
  'docs/runbooks/GitSyncHostDown.md': 'gitsync',
  'docs/runbooks/GitSyncNoLeader.md': 'gitsync',
  'docs/runbooks/GitSyncNotReady.md': 'gitsync',
  'docs/runbooks/GitSyncPendingTooLong.md': 'gitsync',
  'docs/runbooks/GitSyncRateLimited.md': 'gitsync',
  'docs/credentials.md': 'shop',
  'docs/rate-limits.md': 'shop',
  'docs/secrets.md': 'gitsync',
  'docs/selection.md': 'shop',
  'docs/tenancy.md': 'gitsync',
  'docs/troubleshooting.md': 'gitsync',
}

/** Why blocks are not run here: every reason that the pages give, and how many blocks give it. */
export const NOT_RUN: Readonly<Record<string, number>> = {
  'the quickstart runs the demo': 1,
  "the pages' own tests install so, and begin with this example": 1,
  'stays in the foreground; the tests of other pages start the operator so': 1,
  'needs kubectl port-forward to a Pod; test/observability asks a process': 1,
  'docs/engine/cli.md is made from the command, and its tests run the verbs': 1,
  'the tests are in a checkout already': 1,
  "writes to the reader's home; test/release installs it so, and by krew itself": 1,
  "writes to the reader's home; test/e2e has kubectl complete through it": 1,
  'kind and minikube need a Docker engine and pull their images': 1,
  'Docker pulls the base image from a registry': 1,
  'needs a way in from the Git host': 1,
  'needs a way in from a browser; test/e2e logs in and looks at the pages': 1,
  'needs nodes that take images; the tests of the image pack it': 1,
  "on a cluster of its own, since the Helm release has the same objects; the chart's tests apply it": 1,
  "the chart's tests render it, and the policy is applied by itself below": 2,
  "the chart's tests render it; the policy is applied by itself below, and the operator knows the account": 1,
  "needs the definitions of the Prometheus operator; the chart's tests have them": 1,
  'it serves until it is stopped; test/conformance/server/serve.test.ts does these steps': 1,
  'it serves until it is stopped; test/conformance/server/serve-s3.test.ts does these steps': 1,
}
