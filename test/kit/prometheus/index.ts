import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { component } from '../components/index.ts'
import { run, startProcess, withFreePorts } from '../process/index.ts'

export interface PrometheusOptions {
  /** Text of a rule file. */
  readonly rules: string
  /** `host:port` of what is scraped, each second, as job `gitsync-operator`. */
  readonly targets: readonly string[]
}

export interface Alert {
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  readonly state: 'pending' | 'firing'
}

export interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: number
}

/** A real Prometheus that scrapes and evaluates each second. */
export interface Prometheus {
  readonly url: string
  /** Alerts that are pending or fire. */
  alerts(): Promise<readonly Alert[]>
  /** Evaluates a query now. Throws Prometheus' own words. */
  query(expression: string): Promise<readonly Sample[]>
  /** What it complained of. */
  log(): string
  stop(): Promise<void>
}

export async function startPrometheus({ rules, targets }: PrometheusOptions): Promise<Prometheus> {
  const program = await component('prometheus')
  const dir = await mkdtemp(join(tmpdir(), 'gitsync-prometheus-'))
  const global = { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' }
  const scrape = { job_name: 'gitsync-operator', honor_labels: true, static_configs: [{ targets }] }
  await writeFile(join(dir, 'rules.yaml'), rules)
  await writeFile(
    join(dir, 'prometheus.yaml'),
    stringify({ global, rule_files: [join(dir, 'rules.yaml')], scrape_configs: [scrape] }),
  )
  const { url, running } = await withFreePorts(1, async ([port]) => {
    const address = `127.0.0.1:${port}`
    const flags = [
      `--config.file=${join(dir, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${join(dir, 'data')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ]
    return {
      url: `http://${address}`,
      running: await startProcess(program, flags, {
        name: 'prometheus',
        env: { PATH: process.env['PATH'] },
        ready: { probe: async () => (await fetch(`http://${address}/-/ready`)).ok },
      }),
    }
  })
  const get = async (path: string): Promise<any> => {
    const response = await fetch(url + path)
    const { status, data, error } = (await response.json()) as { status: string; data?: any; error?: string }
    if (status !== 'success') throw new Error(`${path}: ${error}`)
    return data
  }
  return {
    url,
    alerts: async () => (await get('/api/v1/alerts')).alerts,
    async query(expression) {
      const { resultType, result } = await get(`/api/v1/query?query=${encodeURIComponent(expression)}`)
      if (resultType === 'scalar') return [{ metric: {}, value: Number(result[1]) }]
      return result.map(({ metric, value }: any) => ({ metric, value: Number(value[1]) }))
    },
    log: running.output,
    async stop() {
      await running.stop({ grace: 0 })
      await rm(dir, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** Runs promtool and gives what it printed. Throws CommandError with its complaints. */
export async function promtool(args: readonly string[], input = ''): Promise<string> {
  const { stdout } = await run(await component('promtool'), args, { env: { PATH: process.env['PATH'] }, input })
  return stdout.toString()
}
