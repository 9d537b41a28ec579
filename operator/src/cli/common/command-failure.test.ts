import { PassThrough } from 'node:stream'
import { GitError } from '@gitsync/protocol'
import { expect, test } from 'vitest'
import { InvalidSpecError } from '../../api/invalid-spec.ts'
import { KubeError } from '../../kube/errors.ts'
import { PushFailure } from '../../push/failure.ts'
import { CommandFailure, tellFailure } from './command-failure.ts'
import { notesTo } from './notes.ts'

test.each([
  [new CommandFailure('conflict', 'x'), 5, 'conflict'],
  [new KubeError('Forbidden', 'x'), 3, 'Forbidden'],
  [new KubeError('NotServed', 'x'), 4, 'NotServed'],
  [new KubeError('Network', 'x'), 7, 'Network'],
  [new KubeError('TooLarge', 'x'), 6, 'TooLarge'],
  [new KubeError('Configuration', 'x'), 2, 'Configuration'],
  [new PushFailure('FolderClaimed', 'x'), 5, 'FolderClaimed'],
  [new PushFailure('SecretNotConsenting', 'x'), 3, 'SecretNotConsenting'],
  [new PushFailure('InternalError', 'x'), 1, 'InternalError'],
  [new InvalidSpecError('spec.x', 1, 'is wrong'), 2, undefined],
  [new GitError('Unauthorized', 'x'), 3, 'Unauthorized'],
  [new GitError('StaleRef', 'x'), 5, 'StaleRef'],
  [new TypeError('x'), 1, 'Other'],
])('%s ends with %d', (error, code, name) => {
  const stderr = new PassThrough()
  const io = { stderr } as unknown as Parameters<typeof tellFailure>[1]['io']
  expect(tellFailure(error, { io, json: true, redact: (text) => text })).toBe(code)
  const told = JSON.parse(String(stderr.read())).error
  expect(told.exitCode).toBe(code)
  if (name !== undefined) expect(told.code).toBe(name)
})

test('secrets are blotted out, as text too', () => {
  const stderr = new PassThrough()
  const io = { stderr } as unknown as Parameters<typeof tellFailure>[1]['io']
  tellFailure(new Error('with s3cret'), { io, json: false, redact: (text) => text.replaceAll('s3cret', '***') })
  expect(String(stderr.read())).toBe('error: with ***\n')
})

test.each([true, false])('what a server or a repository says plays no tricks on a terminal: --json %s', (json) => {
  const stderr = new PassThrough()
  const io = { stderr } as unknown as Parameters<typeof tellFailure>[1]['io']
  tellFailure(new CommandFailure('other', 'holds ConfigMap/\u001b]0;owned\u0007\u009b2J\u202e'), {
    io,
    json,
    redact: (text) => text,
  })
  notesTo(io)('stays: /data/\u001b[2J')
  expect(String(stderr.read())).not.toMatch(/[^\P{Cc}\n]|\u202e/u)
})
