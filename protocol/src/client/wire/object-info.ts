import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import type { Session } from '../session.ts'
import { command } from './command.ts'
import { learn } from './discovery.ts'

/** Ids of one request. */
const MAX_IDS = 10_000

/**
 * Sizes of objects, without the objects (gitprotocol-v2, `object-info`). Costs a discovery, once per session.
 * @returns null where the server does not offer that; few do (`transfer.advertiseObjectInfo`)
 * @throws GitError `Malformed`, and as every request
 */
export async function objectSizes(
  session: Session,
  oids: Iterable<ObjectId>,
): Promise<ReadonlyMap<ObjectId, number> | null> {
  const { version, capabilities } = await learn(session)
  if (version < 2 || !capabilities.has('object-info')) return null
  const sizes = new Map<ObjectId, number>()
  const wanted = [...new Set(oids)]
  for (let at = 0; at < wanted.length; at += MAX_IDS) {
    await request(session, new Set(wanted.slice(at, at + MAX_IDS)), sizes)
  }
  return sizes
}

async function request(session: Session, oids: ReadonlySet<ObjectId>, sizes: Map<ObjectId, number>): Promise<void> {
  const { remote } = session
  const args = ['size', ...[...oids].map((oid) => `oid ${oid}`)]
  const input = await remote.uploadPack(command(session.format, 'object-info', args))
  try {
    for (;;) {
      const packet = await readPacket(input)
      if (packet === undefined || packet.type !== 'data') break
      const line = packetText(packet.payload)
      if (line.startsWith('ERR ')) {
        throw new GitError('ServerError', `${remote.url} refuses: ${remote.printable(line.slice(4))}`)
      }
      const [oid = '', size = ''] = line.split(' ')
      // The first line names what follows; an object that the server does not have comes without a size.
      if (!isObjectId(oid) || !oids.has(oid) || size === '') continue
      if (!/^\d{1,15}$/.test(size)) throw new GitError('Malformed', `the server gives no size for ${oid}`, { oid })
      sizes.set(oid, Number(size))
    }
    await input.atEnd()
  } finally {
    await input.close()
  }
}
