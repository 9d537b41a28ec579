import type { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { overLimit } from '../../format/over-limit.ts'
import { MAX_CAPABILITY_BYTES } from '../limits.ts'
import type { Remote } from '../remote/remote.ts'
import type { Ref } from './ls-refs.ts'
import { RefLines } from './ref-lines.ts'

/** What a server says it can do (gitprotocol-v2, "Capability Advertisement"; before: gitprotocol-pack, "Reference Discovery"). */
export interface Advertisement {
  readonly version: 0 | 1 | 2
  /** Name → value; the empty string for a capability without one. */
  readonly capabilities: ReadonlyMap<string, string>
}

export interface Advertised {
  readonly advertisement: Advertisement
  /** None in version 2. */
  readonly refs: Ref[]
}

/**
 * Reads an advertisement up to its flush packet: one that ends before tells of some refs, and says nothing about others.
 * @param wantRefs before version 2 all refs are read; else nothing behind the capabilities
 * @throws GitError `Malformed`, `ServerError`, `LimitExceeded` for more than `maxRefs`
 */
export async function readAdvertisement(remote: Remote, input: ByteReader, wantRefs: boolean): Promise<Advertised> {
  const items: string[] = []
  const lines = new RefLines()
  let version: Advertisement['version'] = 0
  let bytes = 0
  for (let isFirst = true; ;) {
    const packet = await readPacket(input)
    if (packet === undefined) throw new GitError('Malformed', `the advertisement of ${remote.url} ends too early`)
    if (packet.type !== 'data') {
      // Reading to the end keeps the connection.
      await input.atEnd()
      break
    }
    const line = packetText(packet.payload)
    if (line.startsWith('# service=')) {
      await passFlush(input)
      continue
    }
    if (line.startsWith('ERR ')) {
      throw new GitError('ServerError', `${remote.url} refuses: ${remote.printable(line.slice(4))}`)
    }
    if (line === 'version 2' || line === 'version 1') {
      version = line === 'version 2' ? 2 : 1
    } else if (version === 2) {
      bytes += packet.payload.length
      if (bytes > MAX_CAPABILITY_BYTES) {
        throw new GitError('Malformed', `${remote.url} advertises more capabilities than any server has`)
      }
      items.push(line)
    } else {
      // Before version 2 the capabilities stand behind the first ref.
      const end = isFirst ? line.indexOf('\0') : -1
      isFirst = false
      if (end >= 0) items.push(...line.slice(end + 1).split(' '))
      if (!wantRefs) break
      if (lines.count >= remote.limits.maxRefs) throw overLimit('maxRefs', remote.limits.maxRefs)
      lines.add(end < 0 ? line : line.slice(0, end), remote)
    }
  }
  const capabilities = new Map(items.filter((item) => item !== '').map(capability))
  return { advertisement: { version, capabilities }, refs: lines.refs(items) }
}

/** Behind the line that names the service stands a flush packet of its own (gitprotocol-http, "Smart Server Response"). */
async function passFlush(input: ByteReader): Promise<void> {
  if ((await input.fill(4)) && input.held.toString('latin1', 0, 4) === '0000') input.skip(4)
}

function capability(item: string): [string, string] {
  const equals = item.indexOf('=')
  return equals < 0 ? [item, ''] : [item.slice(0, equals), item.slice(equals + 1)]
}
