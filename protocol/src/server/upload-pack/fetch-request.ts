import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import type { ObjectFormat, ObjectId } from '../../format/object-id.ts'
import { parseFilter, UNFILTERED } from './filter.ts'
import type { Filter } from './filter.ts'

/** How much history is wanted, where not all. */
export type Deepen =
  | { readonly depth: number; readonly isRelative: boolean }
  | { readonly since: number | undefined; readonly not: readonly ObjectId[] }

/** What a client asks for, in whatever version of the protocol. */
export interface FetchRequest {
  readonly wants: readonly ObjectId[]
  readonly haves: readonly ObjectId[]
  /** Commits that the client has without their parents. */
  readonly shallow: ReadonlySet<ObjectId>
  readonly deepen: Deepen | undefined
  readonly filter: Filter
  readonly isDone: boolean
  readonly flags: ReadonlySet<string>
}

const FLAGS = ['thin-pack', 'ofs-delta', 'include-tag', 'no-progress', 'wait-for-done']
/** Wants, haves, shallow commits, and refs to leave out, of each. */
const MAX_IDS = 100_000

/** Lines of a request become a request. */
export class RequestLines {
  readonly wants: ObjectId[] = []
  readonly haves: ObjectId[] = []
  readonly shallow: ObjectId[] = []
  readonly flags = new Set<string>()
  readonly #format: ObjectFormat
  readonly #resolveRef: (name: string) => ObjectId | undefined
  #depth: number | undefined
  #isRelative = false
  #since: number | undefined
  readonly #not: ObjectId[] = []
  #filter: Filter = UNFILTERED
  isDone = false

  constructor(format: ObjectFormat, resolveRef: (name: string) => ObjectId | undefined) {
    this.#format = format
    this.#resolveRef = resolveRef
  }

  /** @returns false for a line that is not known. @throws GitError `Malformed`, `LimitExceeded`, `RefNotFound` */
  take(line: string): boolean {
    const space = line.indexOf(' ')
    const [word, rest] = space < 0 ? [line, ''] : [line.slice(0, space), line.slice(space + 1)]
    if (rest === '' && FLAGS.includes(word)) this.flags.add(word)
    else if (line === 'done') this.isDone = true
    else if (line === 'deepen-relative') this.#isRelative = true
    else if (word === 'want') this.#add(this.wants, this.#id(rest))
    else if (word === 'have') this.#add(this.haves, this.#id(rest))
    else if (word === 'shallow') this.#add(this.shallow, this.#id(rest))
    else if (word === 'deepen') this.#depth = natural(rest, 'deepen')
    else if (word === 'deepen-since') this.#since = natural(rest, 'deepen-since')
    else if (word === 'deepen-not') this.#add(this.#not, this.#ref(rest))
    else if (word === 'filter') this.#filter = this.#parse(rest)
    else return false
    return true
  }

  finish(): FetchRequest {
    const { wants, haves, shallow, flags, isDone } = this
    const isWalk = this.#since !== undefined || this.#not.length > 0
    if (isWalk && this.#depth !== undefined)
      throw new GitError('Malformed', 'deepen goes with neither deepen-since nor deepen-not')
    const deepen: Deepen | undefined = isWalk
      ? { since: this.#since, not: this.#not }
      : this.#depth === undefined || this.#depth === 0
        ? undefined
        : { depth: this.#depth, isRelative: this.#isRelative }
    return { wants, haves, shallow: new Set(shallow), deepen, filter: this.#filter, isDone, flags }
  }

  #add(list: ObjectId[], oid: ObjectId): void {
    if (list.push(oid) > MAX_IDS) throw new GitError('LimitExceeded', `more than ${MAX_IDS} ids in one request`)
  }

  #id(oid: string): ObjectId {
    if (oid.length === this.#format.zero.length && isObjectId(oid)) return oid
    throw new GitError('Malformed', `${JSON.stringify(oid.slice(0, 100))} is no id of ${this.#format.name}`)
  }

  #ref(name: string): ObjectId {
    const oid = [name, `refs/tags/${name}`, `refs/heads/${name}`]
      .map(this.#resolveRef)
      .find((found) => found !== undefined)
    if (oid === undefined) throw new GitError('RefNotFound', `deepen-not: there is no ref ${name.slice(0, 200)}`)
    return oid
  }

  #parse(spec: string): Filter {
    const filter = parseFilter(spec)
    if (filter === undefined)
      throw new GitError('Unsupported', `filter ${JSON.stringify(spec.slice(0, 200))} is not supported`)
    return filter
  }
}

function natural(text: string, word: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new GitError('Malformed', `${word}: a number was expected, not ${JSON.stringify(text.slice(0, 40))}`)
  return Number(text)
}
