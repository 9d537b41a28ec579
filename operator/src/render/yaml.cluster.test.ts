import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCluster, type Cluster } from '../../../test/kit/cluster/index.ts'
import { stringifyExact, parseExact } from '../objects/exact-json.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { renderObject } from './render.ts'
import { NASTY_STRINGS } from './testing/samples.ts'

let cluster: Cluster
let dir: string
beforeAll(async () => {
  cluster = await startCluster()
  dir = await mkdtemp(join(tmpdir(), 'gitsync-render-'))
  await cluster.kubectl(['apply', '-f', '-'], { input: JSON.stringify(WIDGETS) })
  await cluster.kubectl(['wait', '--for=condition=Established', 'crd', 'widgets.example.com'])
})
afterAll(async () => {
  await cluster.stop()
  await rm(dir, { recursive: true, force: true })
})

/** A kind that takes anything. */
const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { kind: 'Widget', listKind: 'WidgetList', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
}

/** What the API server makes of the rendered file. */
async function applied(object: KubernetesObject, format: 'YAML' | 'JSON'): Promise<any> {
  const { bytes } = renderObject(object, { format, hasStatus: false })
  const file = join(dir, `object.${format.toLowerCase()}`)
  await writeFile(file, bytes)
  return parseExact(await cluster.kubectl(['apply', '--dry-run=server', '-f', file, '-o', 'json']))
}

const metadata = { name: 'nasty', namespace: 'default' }

test.each(['YAML', 'JSON'] as const)(
  'nasty strings in a ConfigMap come back through kubectl, as %s',
  async (format) => {
    const data = Object.fromEntries(NASTY_STRINGS.map((text, i) => [`k${i}`, text]))
    expect((await applied({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, format)).data).toEqual(data)
  },
)

test('nasty strings come back from lists, deep maps and keys', async () => {
  const content = {
    list: NASTY_STRINGS,
    lists: NASTY_STRINGS.map((text) => [text, [text, { text }]]),
    deep: { deeper: Object.fromEntries(NASTY_STRINGS.map((text, i) => [`k${i}`, { text }])) },
    // Under 1,024 characters: the length up to which every reader takes a key without a question mark.
    keys: Object.fromEntries(NASTY_STRINGS.filter((text) => text.length < 1000).map((text) => [text, text])),
  }
  const widget = await applied({ apiVersion: 'example.com/v1', kind: 'Widget', metadata, ...content }, 'YAML')
  for (const [field, value] of Object.entries(content)) expect(widget[field], field).toEqual(value)
})

test('integers beyond 2^53 come back exact', async () => {
  const content = parseExact('{"big":9007199254740993,"small":-9223372036854775808,"one":1}') as object
  const widget = await applied({ apiVersion: 'example.com/v1', kind: 'Widget', metadata, ...content }, 'YAML')
  expect(stringifyExact({ big: widget.big, small: widget.small, one: widget.one })).toBe(stringifyExact(content))
})
