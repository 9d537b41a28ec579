import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { renderObject } from '../render/render.ts'
import { customResourceDefinitions } from './crds.ts'

const folder = new URL('../../../crds/', import.meta.url)

test('crds/ is what the schemas say; otherwise run `npm run crds`', () => {
  const definitions = customResourceDefinitions()
  expect(readdirSync(folder).sort()).toEqual([...definitions.keys()].sort())
  for (const [file, definition] of definitions) {
    const { bytes } = renderObject(definition, { format: 'YAML', hasStatus: true })
    expect(readFileSync(new URL(file, folder), 'utf8'), file).toBe(Buffer.from(bytes).toString())
  }
})
