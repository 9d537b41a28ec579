import fc from 'fast-check'
import { expect, test } from 'vitest'
import { attribute } from './attribution.ts'
import type { ManagedFieldsEntry } from '../objects/object.ts'

const object = (managedFields?: readonly ManagedFieldsEntry[]) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings', ...(managedFields === undefined ? {} : { managedFields }) },
})

test('the newest write that was not to a subresource counts', () => {
  const fields = [
    { manager: 'kubectl-edit', time: '2026-01-02T00:00:00Z' },
    { manager: 'helm', time: '2026-01-01T00:00:00Z' },
    { manager: 'kubelet', time: '2026-01-03T00:00:00Z', subresource: 'status' },
  ]
  expect(attribute(object(fields), undefined, '')).toMatchObject({
    author: { name: 'kubectl-edit', email: 'kubectl-edit@field-manager.invalid' },
    time: '2026-01-02T00:00:00Z',
  })
})

test('nobody is credited where nobody is named', () => {
  expect(attribute(object(), undefined, '')).toEqual({})
  expect(attribute(object([{ time: '2026-01-01T00:00:00Z' }]), undefined, '')).toMatchObject({
    time: '2026-01-01T00:00:00Z',
  })
  expect(attribute(object([{ manager: '///' }]), undefined, '')).toEqual({})
  expect(attribute(object([{ manager: 'kubelet', subresource: 'status' }]), undefined, '')).toEqual({})
})

test('a write through /scale has no time, and is still its own', () => {
  const created = { manager: 'kubectl-create', time: '2026-01-01T00:00:00Z' }
  const scaled = { manager: 'hpa', subresource: 'scale' }
  const later = '2026-01-01T00:01:00Z'
  const first = attribute(object([created]), undefined, later)
  const second = attribute(object([scaled, created]), first.newest, later)
  expect(second.author?.name).toBe('hpa')
  expect(second.time).toBeUndefined()
  const edited = { manager: 'kubectl-edit', time: '2026-01-01T00:00:59Z' }
  const third = attribute(object([scaled, created, edited]), second.newest, later)
  expect(third.author?.name).toBe('kubectl-edit')
})

test('a second write within the second is not taken for one without a time', () => {
  const scaled = { manager: 'hpa', subresource: 'scale' }
  const edited = { manager: 'kubectl-edit', time: '2026-01-01T00:00:00Z' }
  const justNow = '2025-12-31T23:59:57Z'
  expect(attribute(object([scaled, edited]), edited.time, justNow).author?.name).toBe('kubectl-edit')
})

test('whatever a program calls itself, the author is one that a commit can state', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('a\nb <c>', '-x-', 'Ünï', 'a\0b')),
      (manager) => {
        const { author } = attribute(object([{ manager }]), undefined, '')
        if (author === undefined) return
        expect(author.name).toMatch(/^[^<>\p{Cc}]+$/u)
        expect(author.name.trim()).not.toBe('')
        expect(author.email).toMatch(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?@field-manager\.invalid$/)
      },
    ),
    { numRuns: 1_000 },
  )
})
