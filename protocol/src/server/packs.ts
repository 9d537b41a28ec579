import { LRUCache } from 'lru-cache'
import { MultiPackIndex } from './pack/multi-pack-index.ts'
import { ObjectStore } from './pack/object-store.ts'
import { PageCache } from './pack/page-cache.ts'
import { StoredPack } from './pack/stored-pack.ts'
import type { KeptPack, RepositoryState, RepositoryStore } from './store/repository-store.ts'

/** Bytes of indexes that are held. */
const INDEX_BYTES = 256 << 20
const MULTI_INDEX_BYTES = 64 << 20
/** Bytes of packs that are held. */
const PAGE_BYTES = 64 << 20
/** A repository may have thousands of packs, and a process not so many files. */
const OPEN_FILES = 256
/** Indexes that are read at a time, for the same reason. */
const AT_A_TIME = 32

/** The packs of repositories, opened once for all who read them. */
export class Packs {
  readonly #store: RepositoryStore
  readonly #maxObjectBytes: number
  readonly #opening = new Map<string, Promise<StoredPack>>()
  readonly #open = new LRUCache<string, StoredPack>({
    maxSize: INDEX_BYTES,
    sizeCalculation: ({ index }) => index.size,
  })
  /** Of repositories, as they were when they were last read. */
  readonly #indexes = new LRUCache<string, { readonly index: MultiPackIndex; readonly names: readonly string[] }>({
    maxSize: MULTI_INDEX_BYTES,
    sizeCalculation: ({ index, names }) => index.size + 100 * names.length,
  })
  readonly #pages = new PageCache({ maxBytes: PAGE_BYTES, maxFiles: OPEN_FILES })

  constructor(store: RepositoryStore, maxObjectBytes: number) {
    this.#store = store
    this.#maxObjectBytes = maxObjectBytes
  }

  /** @throws GitError `ObjectMissing` where a pack is not there, `Malformed` */
  async objectsOf(state: RepositoryState): Promise<ObjectStore> {
    const packs: StoredPack[] = []
    for (let at = 0; at < state.packs.length; at += AT_A_TIME)
      packs.push(...(await Promise.all(state.packs.slice(at, at + AT_A_TIME).map((pack) => this.#get(state, pack)))))
    return new ObjectStore(packs, state.format, this.#indexOf(state, packs))
  }

  #indexOf({ id, packs }: RepositoryState, opened: readonly StoredPack[]): MultiPackIndex {
    const known = this.#indexes.get(id)
    const isSame = known?.names.length === packs.length && packs.every(({ name }, i) => name === known.names[i])
    if (known !== undefined && isSame) return known.index
    const index = new MultiPackIndex(opened.map((pack) => pack.index))
    this.#indexes.set(id, { index, names: packs.map(({ name }) => name) })
    return index
  }

  async #get(state: RepositoryState, pack: KeptPack): Promise<StoredPack> {
    const key = `${state.id}/${pack.id}`
    const known = this.#open.get(key) ?? this.#opening.get(key)
    if (known !== undefined) return await known
    const opening = this.#read(state, pack)
    this.#opening.set(key, opening)
    try {
      const opened = await opening
      this.#open.set(key, opened)
      return opened
    } finally {
      this.#opening.delete(key)
    }
  }

  async #read({ id, format }: RepositoryState, pack: KeptPack): Promise<StoredPack> {
    const { file, index } = await this.#store.open(id, pack)
    return new StoredPack(this.#pages.of(file), index, { format, maxObjectBytes: this.#maxObjectBytes })
  }
}
