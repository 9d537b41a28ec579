import { isFields, isRawNumber } from './json.ts'

type Step =
  | { readonly name: string }
  | { readonly index: number }
  | { readonly all: true }
  | { readonly path: string; readonly equals: string }

const STEP =
  /\.((?:\\.|[^.[\]\\])+)|\[(?:(-?\d+)|(\*)|'([^']*)'|"([^"]*)"|\?\(@(\.[^=\s]+)\s*==\s*["']([^"']*)["']\))\]/y

/** The values a printer column's `jsonPath` selects: fields, indexes, `[*]`, and `[?(@.type=="Ready")]`. */
export function evaluate(path: string, root: unknown): unknown[] {
  return parse(path).reduce<unknown[]>((found, step) => found.flatMap((value) => take(value, step)), [root])
}

function parse(path: string): Step[] {
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < path.length) {
    const match = STEP.exec(path)
    if (match === null) break
    const [, field, index, star, single, double, filter, equals] = match
    const name = field?.replaceAll(/\\(.)/g, '$1') ?? single ?? double
    if (name !== undefined) steps.push({ name })
    else if (index !== undefined) steps.push({ index: Number(index) })
    else if (star !== undefined) steps.push({ all: true })
    else if (filter !== undefined) steps.push({ path: filter, equals: equals ?? '' })
  }
  return steps
}

function take(value: unknown, step: Step): unknown[] {
  if ('name' in step) return isFields(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : []
  const items: unknown[] = Array.isArray(value) ? value : isFields(value) ? Object.values(value) : []
  if ('all' in step) return items
  if ('index' in step) {
    const item = items.at(step.index)
    return item === undefined ? [] : [item]
  }
  return items.filter((item) => evaluate(step.path, item).some((found) => plain(found) === step.equals))
}

const plain = (value: unknown): string => (isRawNumber(value) ? value.rawJSON : String(value))
