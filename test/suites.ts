/** Every suite, and which command runs it. The one list: vitest, `make test` and `make test-long` read it. */
export interface Suite {
  readonly name: string
  readonly include: readonly string[]
  /** Milliseconds for one test. */
  readonly timeout: number
  /** `quick`: needs nothing but Node and git. `real`: needs components that a new machine builds first. `long`: `make test-long` only. */
  readonly tier: 'quick' | 'real' | 'long'
  /** Chooses among the `imports` of the packages: `edge` runs what is used where there is no Node. Default: what Node uses. */
  readonly conditions?: readonly string[]
  /** Run before each file. */
  readonly setup?: string
}

export const SUITES: readonly Suite[] = [
  { name: 'protocol', include: ['protocol/src/**/*.test.ts'], timeout: 30_000, tier: 'quick' },
  {
    name: 'edge',
    include: ['protocol/src/{format,platform,testing}/**/*.test.ts', 'test/conformance/client/editing.test.ts'],
    timeout: 120_000,
    tier: 'quick',
    conditions: ['edge'],
    setup: 'test/kit/edge/setup.ts',
  },
  {
    name: 'operator',
    include: ['operator/src/**/*.test.ts', '!operator/src/**/*.cluster.test.ts'],
    timeout: 60_000,
    tier: 'quick',
  },
  { name: 'packages', include: ['scripts/*.test.ts', 'scripts/release/**/*.test.ts'], timeout: 60_000, tier: 'quick' },
  { name: 'kinds', include: ['operator/src/**/*.cluster.test.ts'], timeout: 60_000, tier: 'real' },
  { name: 'release', include: ['test/release/**/*.test.ts'], timeout: 120_000, tier: 'real' },
  {
    name: 'kit',
    include: ['test/kit/**/*.test.ts', '!test/kit/grafana/**'],
    timeout: 60_000,
    tier: 'real',
  },
  { name: 'grafana', include: ['test/kit/grafana/**/*.test.ts'], timeout: 60_000, tier: 'long' },
  { name: 'conformance', include: ['test/conformance/**/*.test.ts'], timeout: 60_000, tier: 'real' },
  { name: 'chart', include: ['test/chart/**/*.test.ts', 'scripts/chart/**/*.test.ts'], timeout: 120_000, tier: 'real' },
  { name: 'e2e', include: ['test/e2e/**/*.test.ts'], timeout: 180_000, tier: 'real' },
  { name: 'docs', include: ['test/docs/**/*.test.ts'], timeout: 180_000, tier: 'real' },
  { name: 'observability', include: ['test/observability/**/*.test.ts'], timeout: 180_000, tier: 'real' },
  { name: 'chaos', include: ['test/chaos/**/*.test.ts'], timeout: 300_000, tier: 'real' },
  { name: 'node', include: ['test/node/**/*.test.ts'], timeout: 90_000, tier: 'real' },
  { name: 'containers', include: ['test/containers/**/*.test.ts'], timeout: 180_000, tier: 'long' },
  { name: 'long', include: ['test/long/**/*.test.ts'], timeout: 3_600_000, tier: 'long' },
]
