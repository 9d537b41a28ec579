import { GitError } from '../../format/errors.ts'
import { objectFormat } from '../../format/object-id.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { overLimit } from '../limits.ts'
import type { Remote, Service } from '../remote.ts'
import type { Session } from '../session.ts'
import { RefLines } from './ref-lines.ts'
import type { Ref } from './ls-refs.ts'

/** What a server says it can do (gitprotocol-v2, "Capability Advertisement"; before: gitprotocol-pack, "Reference Discovery"). */
export interface Advertisement {
  readonly version: 0 | 1 | 2
  /** Name → value; the empty string for a capability without one. */
  readonly capabilities: ReadonlyMap<string, string>
}

const MAX_CAPABILITY_LINES = 10_000

/**
 * Asks what the server can do. Not needed for the plain cases: reading and pushing work without it.
 * @throws GitError as every request; `Malformed`
 */
export async function discover(remote: Remote, service: Service = 'git-upload-pack'): Promise<Advertisement> {
  return (await read(remote, service, false)).advertisement
}

/**
 * Asks `git-upload-pack` once per session, however many wait for it, and remembers the answer.
 * @throws GitError as {@link discover}
 */
export async function learn(session: Session): Promise<Advertisement> {
  if (session.advertisement !== undefined) return session.advertisement
  session.discovery ??= discover(session.remote)
  try {
    return remember(session, await session.discovery)
  } finally {
    session.discovery = undefined
  }
}

/**
 * Asks again, for the refs: before version 2 the advertisement is the listing of them. None from a server with version 2.
 * @throws GitError as {@link discover}; `LimitExceeded` for more than `maxRefs`
 */
export async function discoverRefs(session: Session): Promise<{ advertisement: Advertisement; refs: Ref[] }> {
  const found = await read(session.remote, 'git-upload-pack', true)
  remember(session, found.advertisement)
  return found
}

/** Whether a server is known to speak nothing newer than version 1. */
export function isOld({ advertisement }: Session): boolean {
  return advertisement !== undefined && advertisement.version < 2
}

function remember(session: Session, advertisement: Advertisement): Advertisement {
  session.advertisement = advertisement
  session.format = objectFormat(advertisement.capabilities.get('object-format') ?? '') ?? session.format
  return advertisement
}

async function read(
  remote: Remote,
  service: Service,
  wantRefs: boolean,
): Promise<{ advertisement: Advertisement; refs: Ref[] }> {
  const input = await remote.advertisement(service)
  const items: string[] = []
  const lines = new RefLines()
  let version: Advertisement['version'] = 0
  try {
    for (let count = 0; ; count++) {
      const packet = await readPacket(input)
      if (packet === undefined) break
      if (packet.type !== 'data') continue
      const line = packetText(packet.payload)
      if (line.startsWith('# service=')) continue
      if (line.startsWith('ERR '))
        throw new GitError('ServerError', `${remote.url} refuses: ${remote.printable(line.slice(4))}`)
      if (line === 'version 2' || line === 'version 1') {
        version = line === 'version 2' ? 2 : 1
      } else if (version === 2) {
        if (count >= MAX_CAPABILITY_LINES) break
        items.push(line)
      } else {
        // Before version 2 the capabilities stand behind the first ref.
        const end = line.indexOf('\0')
        if (end >= 0) items.push(...line.slice(end + 1).split(' '))
        if (!wantRefs) break
        if (lines.count >= remote.limits.maxRefs) throw overLimit('maxRefs', remote.limits.maxRefs)
        lines.add(end < 0 ? line : line.slice(0, end), remote)
      }
    }
  } finally {
    await input.close()
  }
  const advertisement = { version, capabilities: new Map(items.filter((item) => item !== '').map(capability)) }
  return { advertisement, refs: lines.refs(items) }
}

function capability(item: string): [string, string] {
  const equals = item.indexOf('=')
  return equals < 0 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)]
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
