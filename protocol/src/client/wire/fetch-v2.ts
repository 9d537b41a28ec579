import { packetText, readPacket } from '../../format/packet-line.ts'
import { RemoteMessages, sideBand } from '../../format/side-band.ts'
import { command } from './command.ts'
import type { FetchRequest } from './fetch.ts'
import { formRefused, packAnswer } from './pack-answer.ts'
import type { PackAnswer } from './pack-answer.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import type { OnOlder } from '../remote/remote.ts'
import type { Session } from '../session.ts'

/**
 * One `fetch` command (gitprotocol-v2).
 * @throws GitError `Unsupported` when the server refuses this form, and as every request
 */
export async function openPackV2(
  session: Session,
  request: FetchRequest,
  format: ObjectFormat,
  onOlder?: OnOlder,
): Promise<PackAnswer> {
  const { remote, learned } = session
  const features = learned.advertisement?.capabilities.get('fetch')?.split(' ')
  if (request.filter !== undefined && features?.includes('filter') === false) {
    throw formRefused(remote, 'it offers no filters')
  }
  const input = await remote.uploadPack(command(format, 'fetch', fetchArguments(request)), onOlder)
  return packAnswer(input, async () => {
    // Before the pack come sections of no use here: acknowledgments, shallow-info, wanted-refs.
    for (;;) {
      const packet = await readPacket(input)
      if (packet === undefined || packet.type === 'flush') throw formRefused(remote, 'an answer without a pack')
      if (packet.type !== 'data') continue
      const line = packetText(packet.payload)
      if (line === 'packfile') return sideBand(input, new RemoteMessages(remote.redact))
      if (line.startsWith('ERR ')) throw formRefused(remote, remote.printable(line.slice(4)))
    }
  })
}

function fetchArguments(request: FetchRequest): string[] {
  const { wants, haves = [], shallow = [], deepen, filter, thin = false } = request
  return [
    'no-progress',
    'ofs-delta',
    ...(thin ? ['thin-pack'] : []),
    ...wants.map((oid) => `want ${oid}`),
    ...shallow.map((oid) => `shallow ${oid}`),
    ...haves.map((oid) => `have ${oid}`),
    ...(deepen === undefined ? [] : [`deepen ${deepen}`]),
    ...(filter === undefined ? [] : [`filter ${filter}`]),
    'done',
  ]
}
