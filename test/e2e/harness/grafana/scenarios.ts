/** What a Dashboard with `source.grafana` does, beside whatever Grafana: a stand-in, or a real one. */
import type { Grafana } from '../../../kit/grafana/index.ts'
import type { startWorld } from '../world.ts'
import { absenceScenarios } from './absence.ts'
import { folderScenarios } from './folder.ts'
import { historyScenarios } from './history.ts'
import { killScenarios } from './kills.ts'
import { pathScenarios } from './path.ts'
import { useStage } from './stage.ts'

export function grafanaScenarios(plane: Parameters<typeof startWorld>[0], start: () => Promise<Grafana>): void {
  const stage = useStage(plane, start)
  historyScenarios(stage)
  killScenarios(stage)
  absenceScenarios(stage)
  pathScenarios(stage)
  folderScenarios(stage)
}
