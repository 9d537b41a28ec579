import type { Random } from '../random.ts'
import {
  change,
  changeSpec,
  createSome,
  relabelNamespace,
  remove,
  setSpec,
  toggleDefinition,
  toggleGrant,
  toggleNamespace,
} from './cluster-steps.ts'
import { faults, kill, restart } from './fault-steps.ts'
import { commitAs, drift } from './git-steps.ts'
import { brokenFiles } from './judge.ts'
import { BINDING, bindingRef, isThere } from './scene.ts'
import type { Scene, Step } from './scene.ts'
import { readCluster } from './selection.ts'

const STEPS: readonly (readonly [number, Step])[] = [
  [20, createSome],
  [32, change],
  [8, remove],
  [4, relabelNamespace],
  [1.5, toggleNamespace],
  [3, toggleGrant],
  [2.5, toggleDefinition],
  [4, changeSpec],
  [16, drift],
  [12, faults],
  [1, kill],
  [3, restart],
]
const WEIGHT = STEPS.reduce((sum, [weight]) => sum + weight, 0)

/** Does one thing by chance. */
export async function step(scene: Scene, random: Random): Promise<string | undefined> {
  let at = random.next() * WEIGHT
  const [, chosen] = STEPS.find(([weight]) => (at -= weight) < 0) ?? STEPS[0]!
  return await chosen(scene, random)
}

/** Puts an end to all that is missing or withdrawn, and lets the operator run. */
export async function heal(scene: Scene): Promise<void> {
  const { rig, specs } = scene
  rig.api.faults.clear()
  rig.remote.faults.clear()
  if (!isThere(scene, { apiVersion: 'v1', kind: 'Namespace', name: 'n3' })) toggleNamespace(scene)
  if (!readCluster(rig.api).hasWidgets) toggleDefinition(scene)
  for (const index of specs.keys()) {
    if (!isThere(scene, bindingRef(index))) rig.api.objects.create(BINDING(index))
    if (specs[index]?.suspend === true) setSpec(scene, index, { suspend: false })
  }
  rig.api.settle()
  for (const spec of specs) {
    // The operator may be faster: then once more.
    for (
      let [path] = await brokenFiles(rig.store, spec);
      path !== undefined;
      [path] = await brokenFiles(rig.store, spec)
    ) {
      const done = await commitAs(scene, spec.repository.branch, { [path]: null })
      if (done) scene.journal.note(`person, mends: ${path} (gone)`)
    }
  }
  await rig.start()
}
