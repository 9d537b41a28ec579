import type { ProxyByScheme } from '../client/http/undici-transport.ts'
import type { Io } from './io.ts'

/** As other tools read them: in lower case or capitals, the former first. */
export function environmentProxy({ env }: Io): ProxyByScheme {
  const value = (name: string): string => env[name] || env[name.toUpperCase()] || ''
  return { http: value('http_proxy'), https: value('https_proxy'), no: value('no_proxy') }
}
