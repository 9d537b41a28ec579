import { describe, expect, test } from 'vitest'
import { askedBy, handledBefore, newRequest } from './requests.ts'

describe('what is new', () => {
  test.each([
    [{}, {}, undefined],
    [{ requestedAt: '1' }, {}, { requestedAt: '1', name: '1' }],
    [{ requestedAt: '1' }, { requestedAt: '1' }, undefined],
    [{ message: 'Raise' }, {}, { message: 'Raise', name: 'Raise' }],
    [{ message: 'Raise ' }, { message: 'Raise' }, { message: 'Raise', name: 'Raise ' }],
    // The one that stands there from before does not change what the new one is called.
    [{ requestedAt: '1', message: 'Raise' }, { requestedAt: '1' }, { message: 'Raise', name: 'Raise' }],
    [
      { requestedAt: '2', message: 'Raise' },
      { requestedAt: '1', message: 'Raise' },
      { requestedAt: '2', name: '2' },
    ],
    [{ requestedAt: '2', message: 'Raise' }, {}, { requestedAt: '2', message: 'Raise', name: 'Raise' }],
  ])('%j after %j: %j', (asked, accepted, expected) => {
    expect(newRequest(asked, accepted)).toEqual(expected)
  })

  test('empty values are none, and long ones are as long as a status can be', () => {
    expect(askedBy({ 'gitsync.dev/requested-at': ' ', 'gitsync.dev/commit-message': 'x'.repeat(2000) })).toEqual({
      requestedAt: undefined,
      message: 'x'.repeat(1024),
    })
  })
})

describe('after a restart', () => {
  const isNew = (asked: Parameters<typeof newRequest>[0], lastHandled?: string) =>
    newRequest(asked, handledBefore(asked, lastHandled))?.name

  test('what the status names is done', () => {
    expect(isNew({ requestedAt: '1' }, '1')).toBeUndefined()
    expect(isNew({ message: 'Raise' }, 'Raise')).toBeUndefined()
  })

  test('what was asked for meanwhile is new', () => {
    expect(isNew({ requestedAt: '2' }, '1')).toBe('2')
    expect(isNew({ message: 'Lower' }, 'Raise')).toBe('Lower')
    expect(isNew({ requestedAt: '1', message: 'Raise' })).toBe('Raise')
  })

  test('a message that may have been used is not used again', () => {
    expect(isNew({ requestedAt: '1', message: 'Raise' }, '1')).toBeUndefined()
    const asked = { requestedAt: '2', message: 'Raise' }
    expect(newRequest(asked, handledBefore(asked, 'Raise'))).toEqual({
      requestedAt: '2',
      message: undefined,
      name: '2',
    })
  })
})
