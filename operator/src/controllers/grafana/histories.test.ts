import { expect, test } from 'vitest'
import type { Grafana } from '../../grafana/grafana.ts'
import { useWorlds } from '../../push/testing/worlds.ts'
import { dashboardIdentity } from '../known-resources.ts'
import type { GrafanaPort } from './grafana-port.ts'
import { Histories } from './histories.ts'
import { Poll } from './poll.ts'

const worlds = useWorlds()
const VERSIONS = 10

/** Dashboards that have as many versions, whatever their uid. */
function grafanaOf(onList: (uid: string) => void): Partial<Grafana> {
  const at = (version: number) => ({ version, savedAt: version * 60_000 })
  return {
    newest: async () => at(VERSIONS),
    async *versions(uid) {
      onList(uid)
      for (let version = VERSIONS; version > 0; version--) yield at(version)
    },
    saved: async (uid, { version }) => ({
      ...at(version),
      by: 'ada',
      message: '',
      text: JSON.stringify({ title: uid, uid, description: `${version}` }),
    }),
  }
}

test('of many that wait to be written only some have listed their versions, and all of them are written', async () => {
  const world = await worlds.create()
  const { member } = world.tenant('a', { isOpaque: true })
  await world.idle()
  const listed = new Set<string>()
  const grafana = grafanaOf((uid) => void listed.add(uid))
  const grafanas: GrafanaPort = {
    clock: world.clock,
    random: () => 0.5,
    open: async () => grafana as Grafana,
    doubt: () => undefined,
    poll: (_, work) => new Poll({ clock: world.clock, work, enqueue: (step) => void step() }),
  }
  const histories = new Histories({
    grafanas,
    member: () => member,
    connection: () => undefined,
    branches: ['main'],
    nameLogin: () => undefined,
    report: () => undefined,
  })
  const uids = Array.from({ length: 150 }, (_, i) => `d-${i}`)
  for (const uid of uids)
    histories.follow(dashboardIdentity('shop', `all/${uid}`), {
      source: {
        url: 'https://grafana.example.com',
        secretRef: { name: 'g' },
        uid,
        schema: 'Classic',
        history: 'Full',
        interval: '1m',
      },
      datasources: undefined,
      pathOf: ({ title }) => `dashboards/${title}.json`,
      form: '',
      version: undefined,
      made: {},
      isListed: true,
    })
  // Until nobody lists any more.
  for (let before = -1; before !== listed.size;) {
    before = listed.size
    for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  // Those that had room, and those that wait for some.
  expect(listed.size).toBeLessThan(500 / VERSIONS + 70)
  for (let round = 0; round < 100 && (await world.log()).length < uids.length * VERSIONS; round++) {
    await world.pass(1_000)
    histories.look()
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve))
  }
  expect((await world.log()).length).toBe(uids.length * VERSIONS)
  expect(listed.size).toBe(uids.length)
  histories.close()
})
