import type { ByteReader } from '../../format/byte-reader.ts'
import { GitError, isGitError } from '../../format/errors.ts'
import { formatOfId, isObjectId } from '../../format/object-id.ts'
import type { ObjectId } from '../../format/object-id.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { readAdvertisement } from './advertisement.ts'
import type { Advertised } from './advertisement.ts'
import { command } from './command.ts'
import { discoverRefs, remember } from './discovery.ts'
import { mayBeOld } from './may-be-old.ts'
import { overLimit } from '../../format/over-limit.ts'
import type { OnOlder } from '../remote/remote.ts'
import { isRefName } from '../../format/ref-name.ts'
import type { Session } from '../session.ts'

export interface Ref {
  /** Full name: `HEAD`, `refs/heads/main`. */
  readonly name: string
  /** Null for a symbolic ref to a branch that has no commit yet. */
  readonly oid: ObjectId | null
  /** The ref that this one points to. */
  readonly symref?: string
  /** The object that an annotated tag stands for. */
  readonly peeled?: ObjectId
}

/**
 * Lists refs whose names begin with one of `prefixes`; all without any. By `ls-refs` (gitprotocol-v2), or for an older
 * server by its advertisement, where all names are sent.
 * The first try assumes a current server; only an unexpected answer costs a discovery.
 * @throws GitError `Unsupported` for a server that lists no refs, `Malformed` for a name that Git forbids,
 *   `LimitExceeded`; as every request
 */
export async function lsRefs(session: Session, prefixes: readonly string[]): Promise<Ref[]> {
  const refs = await list(session, prefixes)
  learnFormat(session, refs)
  // A server may send more than was asked for.
  return prefixes.length === 0 ? refs : refs.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)))
}

function learnFormat(session: Session, refs: readonly Ref[]): void {
  const formats = new Set(refs.flatMap(({ oid }) => (oid === null ? [] : [formatOfId(oid)])))
  const [format] = formats
  if (formats.size > 1) throw new GitError('Malformed', `${session.remote.url} lists ids of two lengths`)
  if (format !== undefined) session.learn(format)
}

async function list(session: Session, prefixes: readonly string[]): Promise<Ref[]> {
  let refusal: GitError | undefined
  let unasked: Advertised | undefined
  if (!session.isOld) {
    try {
      return await request(session, prefixes, async (input) => {
        unasked = await readAdvertisement(session.remote, input, true)
        remember(session, unasked.advertisement)
      })
    } catch (error) {
      if (!mayBeOld(session, error)) throw error
      // Another request may have learned in the meantime that the server is old.
      if (session.learned.advertisement !== undefined && !session.isOld) throw error
      refusal = error
    }
  }
  const { advertisement, refs } = unasked ?? (await discoverRefs(session))
  if (advertisement.version < 2) return refs
  // What the server refused may be one word that it does not know; with its capabilities at hand none is sent.
  if (refusal === undefined || isGitError(refusal, 'Unsupported')) return request(session, prefixes)
  throw refusal
}

async function request(session: Session, prefixes: readonly string[], onOlder?: OnOlder): Promise<Ref[]> {
  const known = session.learned.advertisement?.capabilities
  const unborn = known === undefined || (known.get('ls-refs') ?? '').split(' ').includes('unborn')
  const args = ['peel', 'symrefs', ...(unborn ? ['unborn'] : []), ...prefixes.map((prefix) => `ref-prefix ${prefix}`)]
  const input = await session.remote.uploadPack(command(session.format, 'ls-refs', args), onOlder)
  try {
    const refs = await readRefs(session, input)
    session.learned.isCurrent = true
    // Reading to the end keeps the connection.
    await input.atEnd()
    return refs
  } finally {
    await input.close()
  }
}

async function readRefs(session: Session, input: ByteReader): Promise<Ref[]> {
  const refs: Ref[] = []
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined) throw unsupported(session, 'an answer that ends too early')
    if (packet.type !== 'data') return refs
    const line = packetText(packet.payload)
    if (line.startsWith('ERR ')) throw unsupported(session, session.remote.printable(line.slice(4)))
    if (refs.length >= session.remote.limits.maxRefs) throw overLimit('maxRefs', session.remote.limits.maxRefs)
    refs.push(parseRef(session, line))
  }
}

function unsupported(session: Session, what: string): GitError {
  return new GitError('Unsupported', `${session.remote.url} does not list its refs: ${what}`, { remote: [what] })
}

function parseRef({ remote }: Session, line: string): Ref {
  const [oid = '', name = '', ...attributes] = line.split(' ')
  const attribute = (key: string): string | undefined =>
    attributes.find((item) => item.startsWith(key))?.slice(key.length)
  const symref = attribute('symref-target:')
  const peeled = attribute('peeled:')
  const ids = [...(oid === 'unborn' ? [] : [oid]), ...(peeled === undefined ? [] : [peeled])]
  const names = [name, ...(symref === undefined ? [] : [symref])]
  // A name is sent on to other servers, where a NUL would end it.
  if (!ids.every(isObjectId) || !names.every(isRefName)) {
    throw new GitError('Malformed', `not a line of a ref listing: ${JSON.stringify(remote.redact(line).slice(0, 200))}`)
  }
  return {
    name,
    oid: oid === 'unborn' ? null : oid,
    ...(symref === undefined ? {} : { symref }),
    ...(peeled === undefined ? {} : { peeled }),
  }
}
