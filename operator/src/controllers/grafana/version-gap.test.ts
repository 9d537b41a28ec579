import { expect, test } from 'vitest'
import { findGap } from './version-gap.ts'

const at = (version: number) => ({ version, savedAt: version * 1_000 })

test.each([
  [undefined, [1, 2], undefined],
  [undefined, [2], 'version 1 is not in Grafana any more'],
  [undefined, [4, 5], 'versions 1 to 3 are not in Grafana any more'],
  [7, [8, 9], undefined],
  [7, [9], 'version 8 is not in Grafana any more'],
  [7, [10], 'versions 8 to 9 are not in Grafana any more'],
  [7, [1, 2], 'the dashboard was made anew after version 7'],
  [7, [], 'Grafana has gone back to version 5 of 1970-01-01T00:00:05Z'],
])('after %s follow %j: %s', (after, found, message) => {
  const gap = findGap(after === undefined ? undefined : at(after), found.map(at), at(5))
  if (message === undefined) expect(gap).toBeUndefined()
  else {
    expect(gap?.message).toContain(message)
    expect(gap?.trailer).toBe(`Gitsync-Missing: ${gap?.message}`)
  }
})
