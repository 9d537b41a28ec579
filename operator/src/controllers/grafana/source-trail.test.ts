import { expect, test } from 'vitest'
import { sourceTrailer } from '../../grafana/source-trailer.ts'
import { SourceTrail } from './source-trail.ts'

const PAGE = 'https://grafana.example.com/d/checkout'
const at = (version: number) => ({ version, savedAt: version * 60_000 })
const message = (version: number): string => `v${version}\n\n${sourceTrailer(PAGE, at(version))}\n`

test('the newest commit that names a page counts, and no more are read than that takes', async () => {
  let read = 0
  async function* messages(): AsyncGenerator<string> {
    for (const version of [3, 2, 1]) {
      read++
      yield message(version)
    }
  }
  const trail = new SourceTrail([messages()])
  expect(await trail.newestOf(PAGE)).toEqual(at(3))
  expect(read).toBe(1)
  expect(await trail.newestOf(`${PAGE}-other`)).toBeUndefined()
  expect(await trail.newestOf(PAGE)).toEqual(at(3))
  expect(read).toBe(3)
})

test('of several lists what was saved last counts', async () => {
  const trail = new SourceTrail([[message(2), message(1)], [message(3)], [message(1)]])
  expect(await trail.newestOf(PAGE)).toEqual(at(3))
})
