/** As `test/e2e/grafana-extras.test.ts`, beside a real Grafana; and what is in Git, in another one. */
import { describe, expect, test } from 'vitest'
import { createExtras } from '../e2e/harness/grafana/extras-shelf.ts'
import { extrasScenarios } from '../e2e/harness/grafana/extras.ts'
import { followerOf } from '../e2e/harness/grafana/follower.ts'
import { createGrafanaSecret } from '../e2e/harness/grafana/source.ts'
import { useStage } from '../e2e/harness/grafana/stage.ts'
import { dashboardReady } from '../e2e/harness/dashboard.ts'
import { startGrafana } from '../kit/grafana/index.ts'

describe('Alert rules and library panels of a real Grafana', () => extrasScenarios('embedded', startGrafana))

describe('Alert rules and library panels in Git', () => {
  const stage = useStage('embedded', () => startGrafana(), 'Admin')

  test('another Grafana takes them, and what it gives is the same, byte for byte', async () => {
    const { grafana, world } = stage
    const shelf = await createExtras(stage, 'first')
    await shelf.putRule('cpu', 'High load / CPU: 監視', '1 > 0')
    await shelf.putRule('memory', 'High load / CPU: 監視', '2 > 0')
    await grafana.api('PUT', '/api/v1/provisioning/alert-rules/memory-first', {
      uid: 'memory-first',
      title: 'Memory: "no" #1',
      folderUID: shelf.folders.team,
      ruleGroup: 'High load / CPU: 監視',
      condition: 'B',
      for: '1h30m',
      noDataState: 'OK',
      execErrState: 'Error',
      labels: { severity: 'page', y: 'no' },
      annotations: { summary: 'a: {{ $labels.job }}\n\n  b\t', runbook_url: 'https://example.com/?a=1&b=2' },
      isPaused: true,
      data: [
        {
          refId: 'A',
          datasourceUid: '__expr__',
          relativeTimeRange: { from: 3600, to: 60 },
          model: {
            refId: 'A',
            type: 'math',
            expression: '$B > 1.50\n&& ${B} > 1e21',
            step: 0.1,
            max: 1e21,
            at: 1700000000000,
          },
        },
        {
          refId: 'B',
          datasourceUid: '__expr__',
          relativeTimeRange: { from: 0, to: 0 },
          model: {
            refId: 'B',
            type: 'threshold',
            expression: 'A',
            conditions: [{ evaluator: { type: 'gt', params: [0] } }],
          },
        },
      ],
    })
    await shelf.putPanel('latency', 'first', { name: 'Latency: p99 “x”' })
    await shelf.putPanel('errors', 'a\n\tb', { name: 'Errors', folder: shelf.folders.inner })
    await shelf.follow()
    const files = [
      'alert-rules/team-first/high-load-cpu.yaml',
      'library-panels/team-first/inner-first/errors.json',
      'library-panels/team-first/latency-p99-x.json',
    ] as const
    await shelf.become(...files)
    const texts = await Promise.all(files.map(shelf.text))
    const [rules = '', ...panels] = texts

    for (const uid of ['cpu', 'memory']) await shelf.dropRule(uid)
    for (const uid of ['latency', 'errors']) await shelf.dropPanel(uid)
    await shelf.become()

    const other = await startGrafana()
    try {
      const { team, inner } = shelf.folders
      await other.api('POST', '/api/folders', { uid: team, title: 'Team first' })
      await other.api('POST', '/api/folders', { uid: inner, title: 'Inner first', parentUid: team })
      await other.provisionAlertRules('rules.yaml', rules)
      for (const text of panels) await other.api('POST', '/api/library-elements', JSON.parse(text))
      const tenant = await world.tenant('second')
      const login = await other.serviceAccount('gitsync', 'Admin')
      await createGrafanaSecret(world.api, 'second', login.token)
      const follower = followerOf(tenant, world.api, other, login)
      await tenant.sync({ path: 'audit' })
      await tenant.ready()
      await follower.followAll('all', { all: true, alertRules: {}, libraryPanels: {} }, [])
      await dashboardReady(world.api, follower.dashboard('all'), { files: 3 })
      const again = await Promise.all(
        files.map(async (path) => `${await tenant.repository.git('show', `main:audit/${path}`)}\n`),
      )
      expect(again).toEqual(texts)
    } finally {
      await other.stop()
    }
  })
})
