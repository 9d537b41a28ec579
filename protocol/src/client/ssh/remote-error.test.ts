import { expect, test } from 'vitest'
import { remoteError } from './remote-error.ts'

const errorOf = (code: number | undefined, ...lines: string[]) =>
  remoteError('git@host:x', 'git-upload-pack', { code, lines })

test.each([
  ["fatal: '/x y.git' does not appear to be a git repository", 'RepositoryNotFound'],
  ['ERROR: Repository not found.', 'RepositoryNotFound'],
  ['Gitea: Cannot find repository: ann/site', 'RepositoryNotFound'],
  [
    "remote: ERROR: The project you were looking for could not be found or you don't have permission to view it.",
    'RepositoryNotFound',
  ],
  ['conq: repository does not exist.', 'RepositoryNotFound'],
  ['remote: TF401019: The Git repository with name or identifier x does not exist', 'RepositoryNotFound'],
  ['ERROR: Permission to ann/site.git denied to bob.', 'Forbidden'],
  ['ERROR: The key you are authenticating with has been marked as read only.', 'Forbidden'],
  ['Gitea: User: 2:bob with Key: 3:laptop is not authorized to write to ann/site.', 'Forbidden'],
  ['remote: ERROR: You are not allowed to push code to this project.', 'Forbidden'],
  ['FATAL: W any site bob DENIED by fallthru', 'Forbidden'],
  ['fatal: out of memory', 'ServerError'],
  // What a name or a hook may say is no word of the host.
  ['error in hook: ERROR: Repository not found.', 'ServerError'],
  ["warning: 'x' does not appear to be a git repository", 'ServerError'],
])('%s is %s', (line, code) => {
  const error = errorOf(128, 'Warning: something else', line)
  expect(error).toMatchObject({ code, details: { remote: ['Warning: something else', line] } })
  expect(error.message).toContain(line)
})

test('a shell without the command is no Git', () => {
  expect(errorOf(127, 'sh: 1: git-upload-pack: not found').code).toBe('NotGit')
})

test('silence is a failure with its status, when there is one', () => {
  expect(errorOf(1).message).toMatch(/ended with status 1 without an answer$/)
  expect(errorOf(undefined).message).toMatch(/ended without an answer$/)
})
