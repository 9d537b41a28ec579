import type { Transport } from '../client/http/transport.ts'
import { SHA1 } from '../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../format/object-id.ts'
import { writePack } from '../format/pack-writer.ts'
import { capabilitiesAnswer, oldRefsAnswer } from './answers.ts'
import { fakeTransport } from './fake-transport.ts'
import type { Answer } from './fake-transport.ts'
import { receivePack } from './memory/receive-pack.ts'
import type { OnPush } from './memory/receive-pack.ts'
import type { Store, StoredObject } from './memory/store.ts'
import { listRefs, uploadPack } from './memory/upload-pack.ts'
import type { SeenRequest } from './seen-request.ts'

export interface MemoryRemoteOptions {
  /** Default SHA-1. */
  readonly format?: ObjectFormat
  /** Default `main`. */
  readonly defaultBranch?: string
  /** Default: every push is taken. */
  readonly onPush?: OnPush
}

/** A repository in memory, and how to reach it. */
export interface MemoryRemote {
  /** Leads here, whatever the address. */
  readonly transport: Transport
  /** All requests so far. */
  readonly requests: readonly SeenRequest[]
  /** Full name → id, `HEAD` apart. */
  readonly refs: ReadonlyMap<string, ObjectId>
  readonly objects: ReadonlyMap<ObjectId, StoredObject>
  /** Moves, creates or, with null, deletes a ref, as somebody else's push would. */
  setRef(name: string, oid: ObjectId | null): void
  /** All objects as a pack, for `git index-pack --stdin`. */
  pack(): Buffer
}

/**
 * A Git server for tests, in memory: protocol version 2, partial and shallow fetches, pushes with compare-and-swap, so
 * much of it as this package asks for. It negotiates nothing and sends no deltas: what it is asked for is what a real
 * server is asked for, and what it sends is right, but not as small.
 * @example
 * const remote = memoryRemote()
 * const repo = openRepository('https://git.example.com/site.git', { transport: remote.transport })
 */
export function memoryRemote(options: MemoryRemoteOptions = {}): MemoryRemote {
  const { format = SHA1, defaultBranch = 'main', onPush = () => undefined } = options
  const store: Store = { format, objects: new Map(), refs: new Map(), head: `refs/heads/${defaultBranch}` }
  const { transport, requests } = fakeTransport((request) => answer(store, request, onPush))
  return {
    transport,
    requests,
    refs: store.refs,
    objects: store.objects,
    setRef(name, oid) {
      if (oid === null) store.refs.delete(name)
      else store.refs.set(name, oid)
    },
    pack: () => Buffer.concat(writePack([...store.objects.values()], format)),
  }
}

async function answer(store: Store, { url, lines, body }: SeenRequest, onPush: OnPush): Promise<Answer> {
  const { pathname, searchParams } = new URL(url)
  const { name } = store.format
  if (pathname.endsWith('/git-upload-pack')) return uploadPack(store, lines)
  if (pathname.endsWith('/git-receive-pack')) return receivePack(store, body, onPush)
  if (searchParams.get('service') === 'git-upload-pack') {
    const offered = [
      'agent=git/memory',
      'ls-refs=unborn',
      'fetch=shallow filter',
      `object-format=${name}`,
      'object-info',
    ]
    return capabilitiesAnswer(offered)
  }
  const words = ['report-status', 'delete-refs', 'side-band-64k', 'atomic', 'push-options', `object-format=${name}`]
  const refs = listRefs(store).filter(({ name }) => name !== 'HEAD')
  return oldRefsAnswer('git-receive-pack', refs, [...words, 'agent=git/memory'], store.format)
}
