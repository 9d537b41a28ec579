/** A Dashboard that follows alert rules and library panels beside the dashboards of a Grafana. */
import { describe } from 'vitest'
import { startGrafanaStandIn } from '../kit/grafana/index.ts'
import { extrasScenarios } from './harness/grafana/extras.ts'
import { WORLDS } from './harness/world.ts'

describe.each(WORLDS)('Alert rules and library panels of a Grafana: %s', (plane) =>
  extrasScenarios(plane, startGrafanaStandIn),
)
