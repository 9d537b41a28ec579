import { GitError } from '../../format/errors.ts'
import { inMemory } from '../pack/random-access.ts'
import type { RepositoryState, RepositoryStore, StagedPack } from './repository-store.ts'

/** Repositories in memory, for tests and for trying out. */
export function memoryStore(): RepositoryStore {
  const states = new Map<string, RepositoryState>()
  const packs = new Map<string, { readonly pack: Buffer; readonly index: Buffer }>()
  return {
    read: async (name) => states.get(name),
    async create(name, state) {
      if (states.has(name)) return false
      states.set(name, state)
      return true
    },
    async change(name, change) {
      const state = states.get(name)
      if (state === undefined) return undefined
      const next = change(state) ?? state
      states.set(name, next)
      return next
    },
    stage: async () => new MemoryStage(),
    async keep(repository, pack, { id, index }) {
      packs.set(`${repository}/${id}`, { pack: await pack.read(0, pack.size), index })
    },
    async open(repository, { id, name }) {
      const found = packs.get(`${repository}/${id}`)
      if (found === undefined) throw new GitError('ObjectMissing', `pack ${name} is missing`)
      return { file: inMemory(found.pack), index: found.index }
    },
    async remove(repository, pack) {
      packs.delete(`${repository}/${pack}`)
    },
  }
}

class MemoryStage implements StagedPack {
  #bytes = Buffer.alloc(1 << 16)
  #size = 0

  get size(): number {
    return this.#size
  }

  async append(bytes: Uint8Array): Promise<void> {
    const end = this.#size + bytes.length
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#size)
    this.#size = end
  }

  async overwrite(offset: number, bytes: Uint8Array): Promise<void> {
    this.#bytes.set(bytes, offset)
  }

  read(offset: number, length: number): Promise<Buffer> {
    return inMemory(this.#bytes.subarray(0, this.#size)).read(offset, length)
  }

  async discard(): Promise<void> {
    this.#bytes = Buffer.alloc(0)
    this.#size = 0
  }
}
