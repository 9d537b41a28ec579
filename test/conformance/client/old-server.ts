import { undiciTransport } from '@gitsync/protocol'
import type { Transport } from '@gitsync/protocol'

/** git's own server answers in the version that it hears of: without a word in version 0. */
export function speaking(version: number): Transport {
  const send = undiciTransport()
  return (request) => {
    const { 'git-protocol': _asked, ...headers } = request.headers
    return send({ ...request, headers: version === 0 ? headers : { ...headers, 'git-protocol': `version=${version}` } })
  }
}
