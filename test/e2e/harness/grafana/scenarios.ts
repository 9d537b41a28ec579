/** What a Dashboard with `source.grafana` does, beside whatever Grafana: a stand-in, or a real one. */
import type { Grafana } from '../../../kit/grafana/index.ts'
import type { startWorld } from '../world.ts'
import { absenceScenarios } from './absence.ts'
import { folderScenarios } from './folder.ts'
import { historyScenarios } from './history.ts'
import { killScenarios } from './kills.ts'
import { pathScenarios } from './path.ts'
import { noResourceScenarios, resourceScenarios } from './resources.ts'
import { useStage } from './stage.ts'

/** @param kind.hasResources it is of a release whose dashboards are resources, too */
export function grafanaScenarios(
  plane: Parameters<typeof startWorld>[0],
  start: () => Promise<Grafana>,
  { hasResources }: { readonly hasResources: boolean },
): void {
  const stage = useStage(plane, start)
  historyScenarios(stage)
  killScenarios(stage)
  absenceScenarios(stage)
  pathScenarios(stage)
  folderScenarios(stage)
  if (hasResources) resourceScenarios(stage)
  else noResourceScenarios(stage)
}
