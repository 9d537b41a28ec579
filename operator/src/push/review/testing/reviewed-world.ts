import type { World, WorldOptions } from '../../testing/world.ts'
import { wanted } from '../../testing/world.ts'
import type { ReviewChange } from '../host-request.ts'
import type { ReviewSettings } from '../review-settings.ts'
import { fakeForge } from './fake-forge.ts'
import type { FakeForge } from './fake-forge.ts'

/** Requests by an API, as they are by default. */
export const REVIEW: ReviewSettings = {
  base: 'main',
  hostType: 'Gitea',
  via: 'API',
  labels: [],
  reviewers: [],
  draft: false,
  deleteBranch: true,
}

export interface ReviewedWorld {
  readonly world: World
  readonly forge: FakeForge
  /** What was told of requests. */
  readonly changes: ReviewChange[]
}

/** A world whose base has a file of others, and a host that shows requests for it. @param branch that is written */
export async function reviewedWorld(
  create: (options: WorldOptions) => Promise<World>,
  branch: string,
): Promise<ReviewedWorld> {
  const changes: ReviewChange[] = []
  let forge: FakeForge | undefined
  const world = await create({
    review: {
      branch,
      base: 'main',
      onChange: (change) => changes.push(change),
      forge: (repository) => (forge = fakeForge(repository)),
    },
  })
  await world.repository.commitFiles({ README: 'hello\n' })
  if (forge === undefined) throw new Error('nobody asked for a host')
  return { world, forge, changes }
}

/** What the operator writes in a folder of a branch: path and content. @param objects names of those there may be */
export async function managed(
  world: World,
  branch: string,
  folder: string,
  objects: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>()
  const tenant = world.tenants.get(folder)
  if (tenant === undefined || (await world.repository.resolve(branch)) === null) return files
  for (const { path } of await world.repository.lsTree(branch, folder).catch(() => [])) {
    const below = path.slice(folder.length + 1)
    if (!objects.some((name) => below === `shop/${name}.yaml`)) continue
    const content = (await world.repository.readFile(branch, path)).toString()
    // What holds no object is somebody's, wherever no object wants to be.
    if (!content.startsWith('foreign') || wanted(tenant)[below] !== undefined) files.set(below, content)
  }
  return files
}
