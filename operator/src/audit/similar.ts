/** Whether a file was another before it moved, its content having changed as well. */
import { parseYaml, UnreadableYamlError } from '../render/edit/exact-yaml.ts'
import { isRecord } from '../render/tree.ts'

/** As git takes files for one that moved (git-diff, `--find-renames`): half of the larger one. */
export const ALIKE = 0.5

const decoder = new TextDecoder('utf-8', { fatal: true })

/** From 0 to 1, which is reached by equal files, and by those that say they are the same dashboard or object. */
export function likeness(a: Uint8Array, b: Uint8Array): number {
  const [before, after] = [a, b].map((bytes) => textOf(bytes))
  if (before === undefined || after === undefined) return 0
  if (before === after) return 1
  const [key, other] = [before, after].map((text) => keyOf(text))
  if (key !== undefined && other !== undefined) return key === other ? 1 : 0
  return sharedLines(before, after)
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes)
  } catch {
    return undefined
  }
}

/** Of a dashboard its uid, of an object its kind and name. */
function keyOf(text: string): string | undefined {
  try {
    const { value } = parseYaml(text)
    if (!isRecord(value)) return undefined
    const { uid, kind, metadata } = value
    if (typeof kind === 'string' && isRecord(metadata)) {
      return JSON.stringify([kind, metadata['namespace'], metadata['name']])
    }
    return typeof uid === 'string' && uid !== '' ? JSON.stringify([uid]) : undefined
  } catch (error) {
    if (error instanceof UnreadableYamlError) return undefined
    throw error
  }
}

function sharedLines(before: string, after: string): number {
  const counts = new Map<string, number>()
  for (const line of before.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  let shared = 0
  for (const line of after.split('\n')) {
    const count = counts.get(line) ?? 0
    if (count === 0) continue
    counts.set(line, count - 1)
    shared += line.length + 1
  }
  return shared / (Math.max(before.length, after.length) + 1)
}
