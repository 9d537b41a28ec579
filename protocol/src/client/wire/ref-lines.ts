import { GitError } from '../../format/errors.ts'
import { isObjectId } from '../../format/object-id.ts'
import { isRefName } from '../../format/ref-name.ts'
import type { Remote } from '../remote/remote.ts'
import type { Ref } from './ls-refs.ts'

/** Stands behind a tag's name in the line that says what the tag is for. */
const PEELED = '^{}'
/** The name in the one line of a repository without refs, which is there for the capabilities. */
const NO_REFS = 'capabilities^{}'

/** Collects the lines `<oid> <name>` of a listing before version 2 (gitprotocol-pack, "Reference Discovery"). */
export class RefLines {
  readonly #refs: { name: string; oid: string; peeled?: string }[] = []

  get count(): number {
    return this.#refs.length
  }

  /** @throws GitError `Malformed` */
  add(line: string, remote: Pick<Remote, 'redact'>): void {
    const space = line.indexOf(' ')
    const oid = line.slice(0, space)
    const name = line.slice(space + 1)
    // What the server itself lacks is no ref.
    if (name === NO_REFS || oid === 'shallow') return
    const isPeeled = name.endsWith(PEELED)
    const ref = isPeeled ? name.slice(0, -PEELED.length) : name
    if (!isObjectId(oid) || !isRefName(ref)) {
      const shown = JSON.stringify(remote.redact(line).slice(0, 200))
      throw new GitError('Malformed', `not a line of a ref listing: ${shown}`)
    }
    const last = this.#refs.at(-1)
    if (!isPeeled) this.#refs.push({ name, oid })
    else if (last?.name === ref) last.peeled = oid
  }

  /** @param capabilities as sent: `symref=HEAD:refs/heads/main` tells where a symbolic ref leads */
  refs(capabilities: readonly string[]): Ref[] {
    const targets = new Map<string, string>()
    for (const item of capabilities) {
      const [, name, target] = /^symref=([^:]+):(.+)$/.exec(item) ?? []
      if (name !== undefined && target !== undefined && isRefName(target)) targets.set(name, target)
    }
    return this.#refs.map((ref) => {
      const symref = targets.get(ref.name)
      return symref === undefined ? ref : { ...ref, symref }
    })
  }
}
