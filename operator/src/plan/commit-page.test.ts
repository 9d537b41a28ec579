import { expect, test } from 'vitest'
import type { HostType } from '../api/provider-limits.ts'
import { commitPage } from './commit-page.ts'

test.each<[url: string, type: HostType | undefined, page: string | undefined]>([
  ['https://github.com/team/audit.git', undefined, 'https://github.com/team/audit/commit/abc'],
  ['git@github.com:team/audit.git', undefined, 'https://github.com/team/audit/commit/abc'],
  ['ssh://git@ssh.github.com:443/team/audit.git', undefined, 'https://github.com/team/audit/commit/abc'],
  ['https://gitlab.com/a/b/audit', undefined, 'https://gitlab.com/a/b/audit/-/commit/abc'],
  ['https://bitbucket.org/team/audit/', undefined, 'https://bitbucket.org/team/audit/commits/abc'],
  ['https://codeberg.org/team/audit.git', undefined, 'https://codeberg.org/team/audit/commit/abc'],
  [
    'https://git.example.com:8443/git/team/audit.git',
    'Gitea',
    'https://git.example.com:8443/git/team/audit/commit/abc',
  ],
  ['ssh://git@git.example.com:2222/team/audit.git', 'GitLab', 'https://git.example.com/team/audit/-/commit/abc'],
  [
    'https://dev.azure.com/org/project/_git/audit',
    'AzureDevOps',
    'https://dev.azure.com/org/project/_git/audit/commit/abc',
  ],
  [
    'https://dev.azure.com/org/project/_git/audit',
    undefined,
    'https://dev.azure.com/org/project/_git/audit/commit/abc',
  ],
  ['git@ssh.dev.azure.com:v3/org/project/audit', 'AzureDevOps', undefined],
  ['https://git.example.com/team/audit.git', undefined, undefined],
  ['https://git.example.com/team/audit.git', 'Generic', undefined],
  ['nonsense', 'GitHub', undefined],
])('%s (%s): %s', (url, type, page) => {
  expect(commitPage(url, 'abc', type)).toBe(page)
})
