/** What breaks. */
import type { Step } from './scene.ts'

export const faults: Step = ({ rig: { api, remote, store }, journal }, random) => {
  const all: Record<string, () => unknown> = {
    'watches dropped': () => api.faults.dropWatches(),
    'history expired (410)': () => {
      api.faults.expireHistory(random.pick(['event', 'status']))
      api.faults.dropWatches()
    },
    'API server 429': () => {
      api.faults.throttle(2)
      api.faults.dropWatches()
    },
    'API server 5xx': () => {
      api.faults.fail(2, { code: random.pick([500, 502, 503, 504]) })
      api.faults.dropWatches()
    },
    'API server cuts': () => api.faults.reset(2),
    'API server 409': () => api.faults.conflict(2),
    'Git host 5xx': () => remote.faults.status(random.pick([500, 502, 503])),
    'Git host 429': () => remote.faults.status(429, { retryAfter: 1 }),
    'Git answer cut': () => remote.faults.cut(random.pick([0, 4, 20, 300])),
    'Git answer lost': () => remote.faults.loseAnswer(),
    'Git portal': () => remote.faults.html(),
    'Git slow': () => remote.faults.delay(150, { times: 4 }),
    'push overtaken': () =>
      remote.faults.beforeReceivePack(async () => {
        await store.commitFiles({ 'overtaken.md': `${random.next()}\n` }, { time: Math.floor(Date.now() / 1000) })
        journal.note('person, just before a push: overtaken.md')
      }),
    'push overtaken, answer lost': () => {
      remote.faults.beforeReceivePack(async () => {
        await store.commitFiles({ 'overtaken.md': `${random.next()}\n` }, { time: Math.floor(Date.now() / 1000) })
        journal.note('person, just before a push: overtaken.md')
      })
      remote.faults.loseAnswer({ times: 2 })
    },
  }
  const name = random.pick(Object.keys(all))
  all[name]?.()
  return name
}

export const kill: Step = async ({ rig }) => ((await rig.kill()) ? 'the operator is killed' : undefined)
export const restart: Step = async ({ rig }) => {
  const dead = await rig.kill()
  await rig.start()
  return `the operator is ${dead ? 'killed and ' : ''}started`
}
