import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { sidebar } from './sidebar.ts'
import { repositoryLinks, SOURCE } from './repository-links.ts'

const { version } = JSON.parse(readFileSync(new URL('../../operator/package.json', import.meta.url), 'utf8')) as {
  version: string
}

export default defineConfig({
  title: 'gitsync-operator',
  description: 'Your cluster, written to Git, without a clone.',
  lang: 'en',
  // Alerts name their pages as https://gitsync.dev/docs/runbooks/NAME.
  base: '/docs/',
  cleanUrls: true,
  rewrites: { 'engine/README.md': 'engine/index.md' },
  // The site shows the day of the build nowhere, so that the same sources give the same pages.
  lastUpdated: false,
  // Nine columns take the room of the outline.
  transformPageData: ({ relativePath, frontmatter }) =>
    relativePath === 'comparison.md'
      ? { frontmatter: { ...frontmatter, aside: false, pageClass: 'wide-page' } }
      : undefined,
  // The sources' tsconfig.json is for Node.
  vite: { esbuild: { tsconfigRaw: '{}' } },
  markdown: { config: (md) => md.use(repositoryLinks) },
  head: [['link', { rel: 'icon', type: 'image/svg+xml', href: '/docs/favicon.svg' }]],
  themeConfig: {
    nav: [
      { text: 'Quickstart', link: '/quickstart' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Engine', link: '/engine/' },
      { text: version, link: `${SOURCE}/CHANGELOG.md` },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [],
  },
})
