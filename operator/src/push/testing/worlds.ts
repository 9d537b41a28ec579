import { afterAll, afterEach, beforeAll } from 'vitest'
import { startRemote } from '../../../../test/kit/remote/index.ts'
import type { Remote } from '../../../../test/kit/remote/index.ts'
import { createWorld } from './world.ts'
import type { World, WorldOptions } from './world.ts'

/** The worlds of a file of tests: all on one remote, each with a repository of its own. */
export interface Worlds {
  /** There from the first test on. */
  readonly remote: Remote
  /** A world for the test that runs; it ends with it. */
  create(options?: WorldOptions): Promise<World>
}

/**
 * Called once, outside the tests. After each of them its writers are stopped and its repositories must be sound.
 *
 * @param check What must be so besides, of each world.
 */
export function useWorlds(check: (world: World) => Promise<void> = () => Promise.resolve()): Worlds {
  let remote: Remote
  let count = 0
  const begun: World[] = []
  beforeAll(async () => {
    remote = await startRemote()
  })
  afterAll(() => remote?.stop())
  afterEach(async () => {
    remote.faults.clear()
    for (const world of begun.splice(0)) {
      await world.writer.stop(false)
      await world.repository.fsck()
      await check(world)
    }
  })
  return {
    get remote() {
      return remote
    },
    async create(options) {
      const world = await createWorld(remote, `team/r${count++}`, options)
      begun.push(world)
      return world
    },
  }
}
