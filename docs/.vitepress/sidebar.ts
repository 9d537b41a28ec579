import { existsSync, readdirSync, readFileSync } from 'node:fs'
import type { DefaultTheme } from 'vitepress'

const docs = new URL('..', import.meta.url)

/** Title and address of a page. */
function page(path: string): DefaultTheme.SidebarItem {
  const title = /^# (.*)$/m.exec(readFileSync(new URL(`${path}.md`, docs), 'utf8'))?.[1] ?? path
  return { text: title.replaceAll('`', ''), link: `/${path.replace(/README$/, '')}` }
}

/** The pages of a folder by name, those first that `first` names. */
function folder(name: string, first: readonly string[] = []): DefaultTheme.SidebarItem[] {
  if (!existsSync(new URL(name, docs))) return []
  const found = readdirSync(new URL(name, docs))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.slice(0, -3))
    .sort()
  return [...first, ...found.filter((file) => !first.includes(file))].map((file) => page(`${name}/${file}`))
}

const group = (text: string, items: DefaultTheme.SidebarItem[], collapsed?: boolean): DefaultTheme.SidebarItem => ({
  text,
  items,
  ...(collapsed === undefined ? {} : { collapsed }),
})

export const sidebar: DefaultTheme.SidebarItem[] = [
  group('Start', ['quickstart', 'concepts', 'limits', 'comparison'].map(page)),
  group('Kinds', folder('kinds', ['gitsync', 'dashboard'])),
  group(
    'Write objects to Git',
    ['credentials', 'selection', 'content', 'commits', 'authors', 'pull-requests', 'secrets', 'kubectl', 'audit'].map(
      page,
    ),
  ),
  group('Guides', folder('guides')),
  group(
    'Run the operator',
    ['install', 'operations', 'audit-page', 'tenancy', 'rate-limits', 'security', 'releases'].map(page),
  ),
  group('When something is wrong', [
    page('troubleshooting'),
    ...folder('troubleshooting'),
    group('Alerts', folder('runbooks'), true),
  ]),
  group('Reference', folder('reference')),
  group('Engine', folder('engine', ['README', 'reading', 'editing', 'refs-and-tags']), true),
  group('Git server', [page('serve')]),
  group('Decisions', folder('adr'), true),
]
