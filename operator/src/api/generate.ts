/** `npm run crds`: writes the CustomResourceDefinitions to `crds/`. */
import { writeFileSync } from 'node:fs'
import { renderObject } from '../render/render.ts'
import { customResourceDefinitions } from './crds.ts'

for (const [file, definition] of customResourceDefinitions()) {
  const { bytes } = renderObject(definition, { format: 'YAML', hasStatus: true })
  writeFileSync(new URL(`../../../crds/${file}`, import.meta.url), bytes)
}
