import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { DashboardError } from './dashboard-error.ts'
import { VOLATILE_FIELDS } from './classic-model.ts'
import { dashboardFile, MAX_DASHBOARD_BYTES } from './dashboard-file.ts'
import { defaultPath } from './dashboard-path.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

/** Spelt as people and programs spell them, also beyond what JavaScript holds. */
const number = fc.oneof(
  fc.constantFrom('-0', '0', '1.0', '1e5', '-1.50E+3', '9007199254740993', '18446744073709551616', '0.1', '1e400'),
  fc.bigInt().map(String),
  fc.tuple(fc.integer(), fc.nat(), fc.integer({ min: -30, max: 30 })).map(([a, b, e]) => `${a}.${b}e${e}`),
)
const word = fc.string({ unit: 'binary', maxLength: 12 }).map((value) => JSON.stringify(value))
const object = (fields: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.record(fields, { requiredKeys: ['title'].filter((key) => key in fields) }),
      fc.uniqueArray(
        fc.tuple(
          fc.string({ maxLength: 5 }).map((key) => `more ${key}`),
          number,
        ),
        {
          selector: ([key]) => key,
          maxLength: 3,
        },
      ),
      fc.infiniteStream(fc.nat()),
    )
    .map(([known, more, order]) => {
      const entries = [...Object.entries(known), ...more].map(([key, value]) => `${JSON.stringify(key)} : ${value}`)
      const ranked = entries.map((entry) => [order.next().value ?? 0, entry] as const)
      return `{ ${ranked
        .sort(([a], [b]) => a - b)
        .map(([, entry]) => entry)
        .join(' ,\n')} }`
    })
const list = (of: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.array(of, { maxLength: 3 }).map((items) => `[${items.join(', ')}]`)
const target = object({ expr: word, refId: word, interval: word, datasource: object({ type: word, uid: word }) })
const panel = object({
  id: number,
  type: word,
  title: word,
  version: number,
  gridPos: object({ h: number, w: number, x: number, y: number }),
  fieldConfig: object({ defaults: object({ min: number, max: number, '0': number, '10': number, '9': number }) }),
  targets: list(target),
})
const dashboard = object({
  id: fc.oneof(number, fc.constant('null')),
  uid: fc.constantFrom('"abc-D_1"', 'null', '""'),
  version: number,
  iteration: number,
  title: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }).map((value) => JSON.stringify(`T${value}`)),
  panels: list(panel),
  rows: list(object({ title: word, panels: list(panel) })),
  templating: object({ list: list(object({ name: word, current: object({ value: list(word) }) })) }),
  time: object({ from: word, to: word }),
  refresh: fc.constantFrom('"5s"', 'false', '""'),
})

test('importing a file again and writing it changes no byte, and neither do order, spaces and what Grafana counts', () => {
  fc.assert(
    fc.property(dashboard, (source) => {
      const { bytes, title } = dashboardFile(source)
      const again = dashboardFile(text(bytes))
      expect(text(again.bytes)).toBe(text(bytes))
      expect(again.title).toBe(title)
      const parsed = JSON.parse(text(bytes)) as Record<string, unknown>
      for (const field of VOLATILE_FIELDS) expect(parsed).not.toHaveProperty(field)
      // Nothing else is lost or added.
      const {
        id: _id,
        version: _version,
        iteration: _iteration,
        ...rest
      } = JSON.parse(source) as Record<string, unknown>
      expect(parsed).toEqual(rest)
      const counted = `{"id": 1, "version": 2, "iteration": 3,${text(bytes).trim().slice(1)}`
      expect(text(dashboardFile(counted.replace(/,\}$/, '}')).bytes)).toBe(text(bytes))
    }),
    { numRuns: 300 },
  )
})

test('keys are sorted, lists are not, numbers are as they were spelt, and a panel keeps its id', () => {
  const source = `{"version": 3, "title": "T", "panels": [{"type": "b", "id": 2, "max": 1.50e3}, {"id": 1, "min": -0}],
    "iteration": 1616889901871, "id": 9007199254740993}`
  expect(text(dashboardFile(source).bytes)).toBe(`{
  "panels": [
    {
      "id": 2,
      "max": 1.50e3,
      "type": "b"
    },
    {
      "id": 1,
      "min": -0
    }
  ],
  "title": "T"
}
`)
})

test.each([
  ['[]', 'it is no dashboard: a JSON object was expected'],
  ['"title"', 'it is no dashboard: a JSON object was expected'],
  ['{}', 'it is no dashboard: title is missing, or is not a text'],
  ['{"title": " "}', 'it is no dashboard: title is missing, or is not a text'],
  ['{"title": 1}', 'it is no dashboard: title is missing, or is not a text'],
  [`{"title": "${'x'.repeat(1025)}"}`, 'title has more than 1024 characters'],
  ['{"title": "x", "panels": {}}', 'it is no dashboard: panels must be a list of objects'],
  ['{"title": "x", "rows": [1]}', 'it is no dashboard: rows must be a list of objects'],
  ['{"title": "x", "uid": 17}', 'uid must be at most 40 letters, digits, - and _'],
  ['{"title": "x", "uid": "a\\u001b[2Kb"}', 'uid "a [2Kb" must be at most 40 letters, digits, - and _'],
  ['{"title": "x", "uid": "a b"}', 'uid "a b" must be at most 40 letters, digits, - and _'],
  [`{"title": "x", "uid": "${'a'.repeat(41)}"}`, `uid "${'a'.repeat(41)}" must be at most 40 letters, digits, - and _`],
  [
    `{"title": "x", "uid": "${'a'.repeat(900)}"}`,
    `uid "${'a'.repeat(200)}" must be at most 40 letters, digits, - and _`,
  ],
  [
    '{"dashboard": {"title": "x"}, "meta": {}}',
    "it is an answer of Grafana's API: give the object in its field dashboard alone",
  ],
  [
    '{"title": "x", "elements": {}, "layout": {"kind": "GridLayout"}}',
    'it is the spec of a dashboard in schema v2 (elements and layout) alone: give the whole resource, with apiVersion, kind and metadata.name',
  ],
])('refused: %s', (source, message) => {
  expect(() => dashboardFile(source)).toThrow(new DashboardError(message))
})

test('a file that grows beyond the limit is refused', () => {
  const numbers = `[${'12345,'.repeat(400_000)}1]`
  expect(() => dashboardFile(`{"title": "x", "list": ${numbers}}`)).toThrow(`more than ${MAX_DASHBOARD_BYTES} bytes`)
})

test('what indentation would make too large is refused before it is printed', () => {
  const print = vi.spyOn(JSON, 'stringify')
  const list = `${'['.repeat(190)}${'1,'.repeat(400_000)}1${']'.repeat(190)}`
  expect(() => dashboardFile(`{"title": "x", "list": ${list}}`)).toThrow(`more than ${MAX_DASHBOARD_BYTES} bytes`)
  expect(print).not.toHaveBeenCalled()
  print.mockRestore()
})

test('a large dashboard takes a moment', () => {
  const panels = Array.from({ length: 2_000 }, (_, id) => ({
    id,
    title: 'é'.repeat(100),
    targets: [{ expr: 'x'.repeat(700) }],
  }))
  const { bytes } = dashboardFile(JSON.stringify({ title: 'Large', panels }))
  expect(bytes.length).toBeGreaterThan(1 << 20)
  expect(text(dashboardFile(text(bytes)).bytes)).toBe(text(bytes))
})

test.each([
  ['Checkout: latency', 'dashboards/checkout-latency.json'],
  ['  ÜBER café / 95 % ', 'dashboards/uber-cafe-95.json'],
  ['../../.git/config', 'dashboards/git-config.json'],
  ['監視', 'dashboards/name.json'],
  ['…', 'dashboards/name.json'],
  ['ab '.repeat(60), `dashboards/${'ab-'.repeat(34).slice(0, 100).replace(/-$/, '')}.json`],
])('the default path of %j is %s', (title, path) => {
  expect(defaultPath(title, 'name')).toBe(path)
})
