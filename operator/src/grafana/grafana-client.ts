import { createApiClient } from '../forge/api-client.ts'
import type { ApiClient, ApiConnection } from '../forge/api-client.ts'
import { parseExact } from '../objects/exact-json.ts'

/** Asks a Grafana. No I/O. @param url as people open it. @param rights what a login needs, for the message when it has not */
export function grafanaClient(url: string, connection: ApiConnection, rights: string): ApiClient {
  return createApiClient(connection, {
    base: url.replace(/\/+$/, ''),
    headers: {},
    authorization: (credentials) =>
      'bearer' in credentials
        ? `Bearer ${credentials.bearer}`
        : `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`,
    rights,
    parse: parseExact,
  })
}
