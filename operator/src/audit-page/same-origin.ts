import { header } from './page-request.ts'
import type { PageRequest } from './page-request.ts'

/**
 * Whether a form was sent from a page of ours: browsers say so themselves (Fetch Metadata), older ones by the origin. A
 * proxy may have taken the connection's encryption off, so that schemes are not compared.
 */
export function isSameOrigin(request: Pick<PageRequest, 'headers'>): boolean {
  const site = header(request, 'sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  const origin = header(request, 'origin')
  return origin !== undefined && URL.parse(origin)?.host === header(request, 'host')
}
