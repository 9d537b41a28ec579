/** JSON values → JSON text: 2 spaces, numbers as they were read, a newline at the end. */
import { stringifyExact } from '../objects/exact-json.ts'

export function toJson(value: unknown): string {
  return `${stringifyExact(value, 2)}\n`
}
