import { expect, test } from 'vitest'
import type { Folder } from '../../grafana/grafana.ts'
import { readFolders } from './folder-tree.ts'

/** Folders by what they are in. */
function grafanaOf(folders: readonly (Folder & { readonly parent: string })[]) {
  let asked = 0
  return {
    asked: () => asked,
    folder: async (uid: string) => {
      asked++
      return folders.find((folder) => folder.uid === uid)
    },
    foldersIn: async (uid: string) => {
      asked++
      return folders.filter(({ parent }) => parent === uid)
    },
  }
}
const FOLDERS = [
  { uid: 'team', title: 'Team', parent: '' },
  { uid: 'inner', title: 'Inner', parent: 'team' },
  { uid: 'deep', title: 'Deep', parent: 'inner' },
  { uid: 'other', title: 'Other', parent: '' },
]

test('each folder has the titles that lead to it', async () => {
  const grafana = grafanaOf(FOLDERS)
  expect([...((await readFolders(grafana)) ?? [])]).toEqual([
    ['', []],
    ['team', ['Team']],
    ['other', ['Other']],
    ['inner', ['Team', 'Inner']],
    ['deep', ['Team', 'Inner', 'Deep']],
  ])
  expect(grafana.asked()).toBe(5)
})

test('of one folder what is below it is read, and called as it is from the top', async () => {
  const found = await readFolders(grafanaOf(FOLDERS), 'inner')
  expect([...(found ?? [])]).toEqual([
    ['inner', ['Team', 'Inner']],
    ['deep', ['Team', 'Inner', 'Deep']],
  ])
  expect(await readFolders(grafanaOf(FOLDERS), 'nowhere')).toBeUndefined()
  // Who may see it may not see what it is in.
  const hidden = FOLDERS.filter(({ uid }) => uid !== 'team')
  expect((await readFolders(grafanaOf(hidden), 'inner'))?.get('deep')).toEqual(['Inner', 'Deep'])
})

test('folders that are in each other, or have no end, are no reason to ask for ever', async () => {
  const same = { folder: async () => undefined, foldersIn: async () => FOLDERS }
  expect((await readFolders(same))?.size).toBe(5)
  const circle = grafanaOf([
    { uid: 'a', title: 'A', parent: 'b' },
    { uid: 'b', title: 'B', parent: 'a' },
  ])
  expect((await readFolders(circle, 'a'))?.get('a')).toHaveLength(16)
  let count = 0
  const endless = { folder: async () => undefined, foldersIn: async () => [{ uid: `f${count++}`, title: 'F' }] }
  expect((await readFolders(endless))?.size).toBeLessThan(100)
  const wide = {
    folder: async () => undefined,
    foldersIn: async () => Array.from({ length: 500 }, () => ({ uid: `w${count++}`, title: 'W' })),
  }
  await expect(readFolders(wide)).rejects.toMatchObject({ code: 'LimitExceeded' })
})
