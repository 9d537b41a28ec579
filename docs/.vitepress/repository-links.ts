import { posix } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'

/** Where files of the repository that are no pages can be read. */
export const SOURCE = 'https://github.com/gitsync-dev/gitsync-operator/blob/main'

/** Leads links that leave `docs/`, which work in a checkout, to the repository's pages. */
export function repositoryLinks(md: MarkdownRenderer): void {
  md.core.ruler.push('repository-links', ({ tokens, env }) => {
    const { path, relativePath } = env as { readonly path: string; readonly relativePath: string }
    const page = /\/docs\/(.*)$/.exec(path)?.[1] ?? relativePath
    for (const token of tokens.flatMap(({ children }) => children ?? [])) {
      const href = token.attrGet('href')
      if (href === null || /^([a-z]+:|\/|#)/.test(href)) continue
      const target = posix.join('docs', posix.dirname(page), href)
      if (!target.startsWith('docs/')) token.attrSet('href', `${SOURCE}/${target}`)
    }
  })
}
