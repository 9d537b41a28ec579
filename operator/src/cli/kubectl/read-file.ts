import { isMap, isScalar, isSeq, parseAllDocuments } from 'yaml'
import type { Node } from 'yaml'
import { ExactNumber } from '../../objects/exact-json.ts'
import { parseApiVersion } from '../../objects/object.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import { CommandFailure } from '../common/command-failure.ts'

/** A number as JSON spells it. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/** What is written where a value must not be shown: nobody can get the value back from it. */
const MARKS = [/^\(redacted\)$/, /^hmac-sha256:/, /^ENC\[AES256_GCM,/]

/**
 * The objects of a file, YAML or JSON, one document or several; numbers as they are spelled.
 * @param path for the error
 * @throws CommandFailure
 */
export function readObjects(bytes: Uint8Array, path: string): readonly KubernetesObject[] {
  const parsed = parseAllDocuments(Buffer.from(bytes).toString('utf8'), { logLevel: 'silent' })
  const documents = 'empty' in parsed ? [] : parsed
  return documents.flatMap(({ contents, errors }) => {
    if (errors.length > 0)
      throw new CommandFailure('other', `${path} is not YAML any more: ${errors[0]?.message.split('\n')[0]}`)
    const value = contents === null ? null : toValue(contents, path)
    return isObject(value) ? [value] : []
  })
}

function toValue(node: Node | null, path: string): unknown {
  if (node === null) return null
  if (isMap(node)) {
    const entries = node.items.map(({ key, value }) => [
      String(toValue(key as Node, path)),
      toValue(value as Node | null, path),
    ])
    return Object.fromEntries(entries) as unknown
  }
  if (isSeq(node)) return node.items.map((item) => toValue(item as Node | null, path))
  if (!isScalar(node))
    throw new CommandFailure('other', `${path} uses an anchor, which is not read: write the value out`)
  const { value, source } = node
  const isExact =
    typeof value === 'number' && source !== undefined && String(value) !== source && JSON_NUMBER.test(source)
  return isExact ? new ExactNumber(source) : value
}

function isObject(value: unknown): value is KubernetesObject {
  const { apiVersion, kind, metadata } = (value ?? {}) as Partial<KubernetesObject>
  return typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string'
}

/** The object of this kind and name among those of a file. */
export function pick(
  objects: readonly KubernetesObject[],
  {
    group,
    kind,
    namespace,
    name,
  }: { readonly group: string; readonly kind: string; readonly namespace: string | undefined; readonly name: string },
): KubernetesObject | undefined {
  return objects.find(
    (object) =>
      object.kind === kind &&
      parseApiVersion(object.apiVersion).group === group &&
      object.metadata.name === name &&
      (object.metadata.namespace ?? namespace) === namespace,
  )
}

/** Where a value stands that was encrypted, redacted or hashed, as a JSON pointer; undefined when all is there. */
export function findWithheld(object: KubernetesObject): string | undefined {
  return Object.hasOwn(object, 'sops') ? '/sops' : withheld(object, '')
}

function withheld(value: unknown, at: string): string | undefined {
  if (typeof value === 'string') return MARKS.some((mark) => mark.test(value)) ? at : undefined
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return undefined
  for (const [key, inner] of Object.entries(value)) {
    const found = withheld(inner, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
    if (found !== undefined) return found
  }
  return undefined
}
