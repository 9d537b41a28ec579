import { afterAll, beforeAll } from 'vitest'
import type { Grafana, Role } from '../../../kit/grafana/index.ts'
import type { HttpBackendHost } from '../git-host.ts'
import { startWorld } from '../world.ts'
import type { World } from '../world.ts'
import { followerOf } from './follower.ts'
import type { Follower } from './follower.ts'
import { letIn } from './people.ts'
import type { People } from './people.ts'
import { createGrafanaSecret } from './source.ts'

/** An operator and a Grafana, for all tests of a `describe`: there from the first test on. */
export interface Stage extends People {
  readonly world: World<HttpBackendHost>
  readonly grafana: Grafana
  /** With a namespace, a repository, and a Secret for the Grafana. */
  follower(name: string): Promise<Follower>
  /** Ends the operator, does what is to happen while none runs, and starts another. */
  restart(end: 'stop' | 'kill', meanwhile?: () => Promise<unknown>): Promise<void>
}

/** Called once, outside the tests. @param role of the operator's account in Grafana */
export function useStage(
  plane: Parameters<typeof startWorld>[0],
  start: () => Promise<Grafana>,
  role: Role = 'Editor',
): Stage {
  let world: World<HttpBackendHost>
  let grafana: Grafana
  let people: People
  beforeAll(async () => {
    world = await startWorld(plane)
    grafana = await start()
    people = await letIn(grafana, role)
  })
  afterAll(async () => {
    await world?.stop()
    await grafana?.stop()
  })
  return {
    get world() {
      return world
    },
    get grafana() {
      return grafana
    },
    get ada() {
      return people.ada
    },
    get token() {
      return people.token
    },
    async follower(name) {
      const tenant = await world.tenant(name)
      await createGrafanaSecret(world.api, name, people.token)
      return followerOf(tenant, world.api, grafana, people)
    },
    async restart(end, meanwhile) {
      await world.operator[end]()
      await meanwhile?.()
      world.operator = await world.startOperator()
    },
  }
}
