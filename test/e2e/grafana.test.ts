/** A Dashboard whose dashboard is in a Grafana: its history there becomes history in Git. */
import { describe } from 'vitest'
import { startGrafanaStandIn } from '../kit/grafana/index.ts'
import { grafanaScenarios } from './harness/grafana/scenarios.ts'
import { WORLDS } from './harness/world.ts'

describe.each(WORLDS)('Dashboards of a Grafana: %s', (plane) =>
  grafanaScenarios(plane, startGrafanaStandIn, { hasResources: true }),
)
