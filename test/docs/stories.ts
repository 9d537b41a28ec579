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
  'docs/kinds/gitsync.md': 'shop',
  'docs/kinds/gitprovider.md': 'shop',
  'docs/troubleshooting.md': 'gitsync',
}

/** Why blocks are not run here: every reason that the pages give, and how many blocks give it. */
export const NOT_RUN: Readonly<Record<string, number>> = {}
