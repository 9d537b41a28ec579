/** Many dashboards at once: those below a folder, then those with a tag. */
import { expect, test } from 'vitest'
import { waitFor } from '../wait-for.ts'
import { createShelf } from './shelf.ts'
import type { Shelf } from './shelf.ts'
import type { Stage } from './stage.ts'

export function folderScenarios(stage: Stage): void {
  test('a folder and all below it: the tree is mirrored, renames and moves are renames, what went goes', async () => {
    const shelf = await createShelf(stage)
    await theTreeIsMirrored(stage, shelf)
    await renamesAndMovesAreRenames(stage, shelf)
    await aFolderIsRenamed(stage, shelf)
    await whatWentGoes(shelf)
    await nothingIsMissedWhileNoOperatorRuns(stage, shelf)
    await aFolderThatIsGoneDeletesNothing(stage, shelf)
    await aTagSelectsOthers(stage, shelf)
    expect(await shelf.tenant.repository.git('fsck', '--strict')).toBe('')
  })
}

async function theTreeIsMirrored({ ada }: Stage, { tenant, put, ready, listed, log }: Shelf): Promise<void> {
  await put('many-a', 'Alpha', 'team-many', 0, ada)
  await put('many-a', 'Alpha', 'team-many', 1)
  await put('many-b', 'Beta', 'inner-many')
  // Two of one title: later releases take them.
  const isSame = await put('many-c', 'Beta', 'inner-many').then(
    () => true,
    () => false,
  )
  if (!isSame) await put('many-c', 'Beta and more', 'inner-many')
  await put('many-out', 'Outside', 'else-many')
  await tenant.sync({ path: 'audit' })
  await tenant.ready()
  await tenant.followAll('shelf', { folder: 'team-many', history: 'Full' }, ['many-a', 'many-b', 'many-c'])
  await ready(3)
  expect((await listed()).map((path) => path.replace(/-[0-9a-f]{8}\.json$/, '-HASH.json'))).toEqual([
    'team-a/alpha.json',
    isSame ? 'team-a/inner/beta-HASH.json' : 'team-a/inner/beta-and-more.json',
    'team-a/inner/beta.json',
  ])
  expect(await log('team-a/alpha.json')).toEqual(['admin: many-a 2', 'ada: many-a 1'])
}

/** A new title, another folder, and a new one: each by who did it. */
async function renamesAndMovesAreRenames({ ada }: Stage, { tenant, put, ready, listed, log }: Shelf): Promise<void> {
  await put('many-a', 'Alpha: latency', 'team-many', 2, ada)
  await put('many-b', 'Gamma', 'team-many', 1, ada)
  await put('many-new', 'New', 'team-many')
  await put('many-new', 'New', 'team-many', 1)
  await tenant.request()
  await ready(4)
  await waitFor('they are where they are in Grafana', async () =>
    ['team-a/alpha-latency.json', 'team-a/gamma.json', 'team-a/new.json'].every(
      await listed().then((paths) => (path: string) => paths.includes(path)),
    ),
  )
  expect(await log('team-a/alpha-latency.json')).toEqual(['ada: many-a 3', 'admin: many-a 2', 'ada: many-a 1'])
  expect(await log('team-a/gamma.json')).toEqual(['ada: many-b 2', 'admin: many-b 1'])
  // What was made and saved again since the Dashboard is there is there whole.
  expect(await log('team-a/new.json')).toEqual(['admin: many-new 2', 'admin: many-new 1'])
}

/** Folders have no versions: nobody is named for it. */
async function aFolderIsRenamed({ grafana }: Stage, { tenant, listed }: Shelf): Promise<void> {
  await grafana.api('PUT', '/api/folders/inner-many', { title: 'Inside', overwrite: true })
  await tenant.request()
  await waitFor('the folder is called so in Git', async () =>
    (await listed()).some((path) => path.startsWith('team-a/inside/')),
  )
  expect((await listed()).filter((path) => path.includes('/inner/'))).toEqual([])
}

/** Deleted, and moved out. */
async function whatWentGoes({ tenant, put, remove, ready, listed }: Shelf): Promise<void> {
  await remove('many-a')
  await put('many-new', 'New', 'else-many', 2)
  await tenant.request()
  await ready(2)
  await waitFor('their files are gone', async () => (await listed()).length === 2)
}

/** Killed, saved and deleted meanwhile: each once, and nothing else. */
async function nothingIsMissedWhileNoOperatorRuns(
  stage: Stage,
  { tenant, put, remove, ready, listed, log }: Shelf,
): Promise<void> {
  await stage.restart('kill', async () => {
    await put('many-b', 'Gamma', 'team-many', 2)
    await put('many-b', 'Gamma', 'team-many', 3, stage.ada)
    await remove('many-c')
  })
  await waitFor('the file of what went is gone', async () => (await listed()).join() === 'team-a/gamma.json')
  await ready(1)
  expect(await log('team-a/gamma.json')).toEqual([
    'ada: many-b 4',
    'admin: many-b 3',
    'ada: many-b 2',
    'admin: many-b 1',
  ])
  const tip = await tenant.repository.git('rev-parse', 'main')
  await tenant.look()
  expect(await tenant.repository.git('rev-parse', 'main')).toBe(tip)
}

/** That is no word about what was in it. */
async function aFolderThatIsGoneDeletesNothing({ grafana }: Stage, { tenant, listed }: Shelf): Promise<void> {
  await grafana.api('DELETE', '/api/folders/team-many')
  await tenant.request()
  expect((await tenant.dashboardIs('shelf', 'NotInGrafana')).message).toContain('has no folder team-many')
  expect(await listed()).toEqual(['team-a/gamma.json'])
}

/** Another selection is another wish. */
async function aTagSelectsOthers({ world }: Stage, { tenant, ready, listed }: Shelf): Promise<void> {
  await world.api.patch(tenant.dashboard('shelf'), { spec: { source: { grafana: { folder: null, tag: 'many' } } } })
  await ready(2)
  await waitFor('what has the tag is there', async () => (await listed()).join() === 'else/new.json,else/outside.json')
  await world.api.delete(tenant.dashboard('shelf'))
  await waitFor('nothing is left', async () => (await listed()).length === 0)
}
