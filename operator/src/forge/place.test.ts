import { expect, test } from 'vitest'
import { dialectOf } from './open-forge.ts'
import { placeOf } from './place.ts'

test.each([
  ['https://github.com/octo/audit.git', undefined, 'https://api.github.com', 'octo', 'audit'],
  ['https://github.com/octo/audit/', undefined, 'https://api.github.com', 'octo', 'audit'],
  ['https://git.example.com/octo/audit.git', 'GitHub', 'https://git.example.com/api/v3', 'octo', 'audit'],
  ['https://gitlab.com/a/b/c/audit.git', undefined, 'https://gitlab.com/api/v4', 'a/b/c', 'audit'],
  ['https://git.example.com:8443/a/b.git', 'GitLab', 'https://git.example.com:8443/api/v4', 'a', 'b'],
  ['https://codeberg.org/a/b', undefined, 'https://codeberg.org/api/v1', 'a', 'b'],
  ['ssh://git@github.com/octo/audit.git', undefined, 'https://api.github.com', 'octo', 'audit'],
  ['ssh://git@ssh.github.com:443/octo/audit.git', undefined, 'https://api.github.com', 'octo', 'audit'],
  ['ssh://git@altssh.gitlab.com:443/a/b.git', undefined, 'https://gitlab.com/api/v4', 'a', 'b'],
  ['ssh://git@git.example.com:2222/a/b.git', 'Gitea', 'https://git.example.com/api/v1', 'a', 'b'],
  ['https://example.com/git/a/b.git', 'Gitea', 'https://example.com/git/api/v1', 'a', 'b'],
  ['https://example.com/a/b.git', 'Forgejo', 'https://example.com/api/v1', 'a', 'b'],
] as const)('%s, type %s: API at %s', (url, type, base, owner, name) => {
  const place = placeOf(url, type)
  expect(place).toMatchObject({ owner, name })
  expect(dialectOf(place).base).toBe(base)
})

test.each([
  ['https://git.example.com/a/b.git', undefined, /no GitProvider says.*set spec\.type of a GitProvider.*Gerrit/],
  ['https://git.example.com/a/b.git', 'Generic', /type Generic are not supported.*GitHub, GitLab/],
  ['https://bitbucket.org/a/b.git', undefined, /type Bitbucket are not supported/],
  ['https://github.com/audit.git', undefined, /OWNER\/REPOSITORY/],
  ['https://evil-github.com/a/b', undefined, /set spec\.type/],
] as const)('%s, type %s is refused with what to do', (url, type, message) => {
  expect(() => placeOf(url, type)).toThrow(message)
})
