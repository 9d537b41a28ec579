import { isUtf8 } from 'node:buffer'
import type { ByteReader } from '../../format/byte-reader.ts'
import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { packetText, readPacket } from '../../format/packet-line.ts'
import { MAX_LENGTH } from '../../format/ref-name.ts'

/** What is to become of one ref. */
export interface RefCommand {
  readonly ref: string
  /** Where it is now; null: there is none. */
  readonly old: ObjectId | null
  /** Null: it is deleted. */
  readonly new: ObjectId | null
}

export interface PushRequest {
  readonly commands: readonly RefCommand[]
  /** All of them, or none. */
  readonly isAtomic: boolean
}

const MAX_OPTIONS = 100

/**
 * The commands of a push, up to its pack (gitprotocol-pack, "Reference Update Request"). Undefined for a request that only looks
 * whether it would be let in.
 * @param capabilities are filled with those of the client as it tells them, before anything is wrong with its commands
 * @throws GitError `Malformed`, `LimitExceeded`
 */
export async function readCommands(
  input: ByteReader,
  {
    format,
    maxRefs,
    capabilities,
  }: { readonly format: ObjectFormat; readonly maxRefs: number; readonly capabilities: Set<string> },
): Promise<PushRequest | undefined> {
  const commands = new Map<string, RefCommand>()
  for await (const payload of lines(input)) {
    const nul = payload.indexOf(0)
    const bytes = nul < 0 ? payload : payload.subarray(0, nul)
    // Others would have another name here than where they come from.
    if (!isUtf8(bytes)) throw new GitError('Malformed', 'names of refs are text in UTF-8 here')
    const line = packetText(bytes)
    // Commits whose parents the client lacks: whether we have these, their own ids say.
    if (line.startsWith('shallow ')) continue
    if (line.startsWith('push-cert')) throw new GitError('Malformed', 'signed pushes are not taken here')
    if (commands.size === 0 && nul >= 0)
      for (const word of packetText(payload.subarray(nul + 1)).split(' ')) capabilities.add(word)
    const command = readCommand(line, format)
    if (commands.has(command.ref)) throw new GitError('Malformed', `${command.ref} comes twice in one push`)
    commands.set(command.ref, command)
    if (commands.size > maxRefs)
      throw new GitError('LimitExceeded', `more than ${maxRefs} refs in one push`, {
        limit: 'maxRefs',
        expected: maxRefs,
      })
  }
  if (commands.size === 0) return undefined
  let options = 0
  // There is no hook that they could be for.
  if (capabilities.has('push-options'))
    for await (const _ of lines(input))
      if (++options > MAX_OPTIONS) throw new GitError('LimitExceeded', `more than ${MAX_OPTIONS} push options`)
  const asked = [...capabilities].find((word) => word.startsWith('object-format='))?.slice('object-format='.length)
  if (asked !== undefined && asked !== format.name)
    throw new GitError('Malformed', `the repository has ids of ${format.name}, not ${asked}`)
  return { commands: [...commands.values()], isAtomic: capabilities.has('atomic') }
}

async function* lines(input: ByteReader): AsyncGenerator<Buffer> {
  for (;;) {
    const packet = await readPacket(input)
    if (packet === undefined || packet.type === 'flush') return
    if (packet.type !== 'data') throw new GitError('Malformed', `a ${packet.type} packet among the commands of a push`)
    yield packet.payload
  }
}

function readCommand(line: string, format: ObjectFormat): RefCommand {
  const [, old = '', next = '', ref = ''] = /^(\S+) (\S+) (.+)$/s.exec(line) ?? []
  const isId = (text: string): boolean => text.length === format.zero.length && isObjectId(text)
  if (!isId(old) || !isId(next))
    throw new GitError('Malformed', `${JSON.stringify(line.slice(0, 200))} is no command of a push`)
  if (ref.length > MAX_LENGTH)
    throw new GitError('LimitExceeded', `${ref.slice(0, 200)}… has more than ${MAX_LENGTH} characters`)
  const orNull = (oid: ObjectId): ObjectId | null => (oid === format.zero ? null : oid)
  return { ref, old: orNull(old), new: orNull(next) }
}
