/** As `test/e2e/grafana.test.ts`, beside a real Grafana. */
import { describe } from 'vitest'
import { grafanaScenarios } from '../e2e/harness/grafana/scenarios.ts'
import { startGrafana } from '../kit/grafana/index.ts'

describe('Dashboards of a real Grafana', () => grafanaScenarios('embedded', startGrafana, { hasResources: false }))
