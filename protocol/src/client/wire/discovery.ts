import { GitError } from '../../format/errors.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import type { Remote, Service } from '../remote.ts'

/** What a server says it can do (gitprotocol-v2, "Capability Advertisement"). */
export interface Advertisement {
  readonly version: 0 | 1 | 2
  /** Name → value; the empty string for a capability without one. */
  readonly capabilities: ReadonlyMap<string, string>
}

const MAX_LINES = 10_000

/**
 * Asks what the server can do. Not needed for the plain cases: reading and pushing work without it.
 * @throws GitError as every request; `Malformed`
 */
export async function discover(remote: Remote, service: Service = 'git-upload-pack'): Promise<Advertisement> {
  const input = await remote.advertisement(service)
  const capabilities = new Map<string, string>()
  let version: Advertisement['version'] = 0
  try {
    for (let lines = 0; lines < MAX_LINES; lines++) {
      const packet = await readPacket(input)
      if (packet === undefined) break
      if (packet.type !== 'data') continue
      const line = packetText(packet.payload)
      if (line.startsWith('# service=')) continue
      if (line.startsWith('ERR '))
        throw new GitError('ServerError', `${remote.url} refuses: ${remote.printable(line.slice(4))}`)
      if (line === 'version 2' || line === 'version 1') version = line === 'version 2' ? 2 : 1
      else if (version === 2) addCapability(capabilities, line)
      else {
        // Before version 2 the capabilities stand behind the first ref; the rest of the listing is of no use here.
        for (const item of line.slice(line.indexOf('\0') + 1).split(' ')) addCapability(capabilities, item)
        break
      }
    }
  } finally {
    await input.close()
  }
  return { version, capabilities }
}

function addCapability(capabilities: Map<string, string>, item: string): void {
  const equals = item.indexOf('=')
  if (equals < 0) capabilities.set(item, '')
  else capabilities.set(item.slice(0, equals), item.slice(equals + 1))
}

/** @throws GitError `Unsupported` */
export function requireVersion2(advertisement: Advertisement, url: string): void {
  if (advertisement.version === 2) return
  throw new GitError(
    'Unsupported',
    `${url} speaks protocol version ${advertisement.version} only; version 2 is needed`,
    {
      expected: 2,
      actual: advertisement.version,
    },
  )
}
