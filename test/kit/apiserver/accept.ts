import { notAcceptable } from './errors.ts'

/** In which form objects are wanted. */
export type Form = 'json' | 'table' | 'partial'

/**
 * Reads `Accept`: the first media type that can be served wins.
 * @throws ApiError 406 when there is none, as for a client that wants protobuf alone
 */
export function parseAccept(accept: string | undefined): Form {
  if (accept === undefined || accept.trim() === '') return 'json'
  for (const choice of accept.split(',')) {
    const [type = '', ...rest] = choice.split(';').map((part) => part.trim())
    if (!['application/json', 'application/*', '*/*'].includes(type)) continue
    const parameters = new Map(rest.map((part) => part.split('=', 2) as [string, string]))
    const as = parameters.get('as')
    if (as === undefined) return 'json'
    if (parameters.get('g') !== 'meta.k8s.io' || parameters.get('v') !== 'v1') continue
    if (as === 'Table') return 'table'
    if (as.startsWith('PartialObjectMetadata')) return 'partial'
  }
  throw notAcceptable('only the following media types are accepted: application/json')
}
