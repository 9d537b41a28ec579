import type { GitSync } from '../../api/parse.ts'
import { parsePointer } from '../../render/ignore.ts'
import { pathRule } from '../../render/path-rule.ts'
import type { Rendering } from '../renderer.ts'

/** How a spec's objects become files. */
export async function renderingOf({ spec: { layout, fields, ignore } }: GitSync): Promise<Rendering> {
  const { template, expression, format } = layout
  return {
    pathOf: await pathRule(layout),
    options: { format, fields, ignore: ignore.map(parsePointer) },
    id: JSON.stringify([template, expression, format, fields, ignore]),
  }
}
