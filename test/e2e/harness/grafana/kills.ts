/** The operator dies while it imports a history. */
import { expect, test } from 'vitest'
import { conditionOf } from '../gitsync.ts'
import type { TestRepository } from '../../../kit/remote/index.ts'
import { waitFor } from '../wait-for.ts'
import { saveVersion, saveVersions } from './save.ts'
import type { Stage } from './stage.ts'

export function killScenarios(stage: Stage): void {
  test('killed at any moment of a long import, it has each version once, in their order', async () => {
    const count = 300
    const tenant = await stage.follower('killed')
    await saveVersions(stage.grafana, 'long', 1, count)
    await tenant.sync({ path: 'deep/folder' })
    await tenant.ready()
    const written = (): Promise<string[]> => subjects(tenant.repository, 'v')
    await tenant.follow('long', { history: 'Full' })
    await killAgainAndAgain(stage, 6, count, async () => (await written()).length)
    await tenant.atVersion('long', count)
    expect(await written()).toEqual(versions('v', count))
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })

  test('killed at any moment of the import of many, it has each version of each once, in their order', async () => {
    const uids = ['k-1', 'k-2', 'k-3']
    const count = 60
    const tenant = await stage.follower('killed-many')
    await stage.grafana.api('POST', '/api/folders', { uid: 'killed', title: 'Killed' })
    for (let version = 1; version <= count; version++) {
      for (const uid of uids)
        await saveVersion(stage.grafana, uid, version, { folder: 'killed', message: `${uid} v${version}` })
    }
    await tenant.sync({ path: 'deep/folder' })
    await tenant.ready()
    const written = (uid: string): Promise<string[]> => subjects(tenant.repository, `${uid} v`)
    const all = async (): Promise<number> => (await Promise.all(uids.map(written))).flat().length
    await tenant.followAll('killed', { folder: 'killed', history: 'Full' }, uids)
    await killAgainAndAgain(stage, 4, count * uids.length, all)
    await waitFor('everything is in Git', async () => {
      const object = await stage.world.api.get(tenant.dashboard('killed'))
      return conditionOf(object, 'Ready')?.status === 'True' && (await all()) >= count * uids.length
    })
    for (const uid of uids) expect(await written(uid)).toEqual(versions(`${uid} v`, count))
    expect(await tenant.repository.git('fsck', '--strict')).toBe('')
  })
}

/** Subjects of all commits, oldest first, that are this and a number. */
async function subjects(repository: TestRepository, prefix: string): Promise<string[]> {
  const all = (await repository.git('log', '--reverse', '--format=%s', 'main')).split('\n')
  return all.filter((subject) => subject.startsWith(prefix) && /^\d+$/.test(subject.slice(prefix.length)))
}

const versions = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i + 1}`)

/** Each time as soon as there is more in Git than before, or everything. */
async function killAgainAndAgain(
  stage: Stage,
  kills: number,
  everything: number,
  written: () => Promise<number>,
): Promise<void> {
  let before = 0
  for (let kill = 0; kill < kills; kill++) {
    before = await waitFor('more is in Git', async () => {
      const now = await written()
      return now > before || now === everything ? now : undefined
    })
    await stage.restart('kill')
  }
}
