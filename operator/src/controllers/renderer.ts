import { identityKey, parseApiVersion } from '../objects/object.ts'
import type { KubernetesObject } from '../objects/object.ts'
import { contentId } from '../push/member.ts'
import type { RenderedFile } from '../push/member-settings.ts'
import type { PathRule } from '../render/path-rule.ts'
import { renderObject } from '../render/render.ts'
import type { RenderOptions } from '../render/render.ts'
import type { Protection } from '../render/secrets/protection.ts'
import { ProtectionError } from '../render/secrets/protection-error.ts'
import { NoPathError } from '../render/template-error.ts'
import type { Source } from './source.ts'
import type { Problem } from './step.ts'

/** How objects become files. */
export interface Rendering {
  readonly pathOf: PathRule
  readonly options: Omit<RenderOptions, 'hasStatus'>
  /** Equal for equal renderings. */
  readonly id: string
}

/** Makes a GitSync's objects files, and knows which could not be made one. */
export class Renderer {
  readonly #onProblems: () => void
  #rendering: Rendering | undefined
  /** Undefined while nothing is sensitive; a Secret cannot be rendered then. */
  #protection: Protection | undefined
  /** Objects that could not be made a file, and why. */
  readonly #problems = new Map<string, { readonly problem: Problem; readonly source: Source }>()

  /** @param onProblems called when there are others than before */
  constructor(onProblems: () => void) {
    this.#onProblems = onProblems
  }

  /** @returns whether files are made as before */
  use(rendering: Rendering, protection: Protection | undefined): boolean {
    const isSame = rendering.id === this.#rendering?.id && protection?.id === this.#protection?.id
    this.#rendering = rendering
    this.#protection = protection
    return isSame
  }

  /** The file of an object; undefined for one that cannot be rendered: its file, if there is one, stays as it is, and the others go on. */
  render(object: KubernetesObject, source: Source): RenderedFile | undefined {
    const key = identityKey(source.identityOf(object))
    try {
      const rendered = this.#render(object, source)
      if (this.#problems.delete(key)) this.#onProblems()
      return rendered
    } catch (error) {
      this.#problems.set(key, { problem: toProblem(error), source })
      this.#onProblems()
      return undefined
    }
  }

  /** The object is no business of the GitSync any more. */
  forget(key: string): void {
    this.#problems.delete(key)
  }

  /** As {@link Renderer.forget}, for every object of a source. */
  forgetAll(source: Source): void {
    for (const [key, { source: from }] of this.#problems) if (from === source) this.#problems.delete(key)
  }

  /** Objects that could not be made a file, and why. */
  *problems(): Iterable<readonly [key: string, why: Problem]> {
    for (const [key, { problem }] of this.#problems) yield [key, problem]
  }

  #render(object: KubernetesObject, source: Source): RenderedFile {
    if (this.#rendering === undefined) throw new TypeError('nothing is rendered before it is read')
    const { resource } = source
    const identity = source.identityOf(object)
    const { version } = parseApiVersion(object.apiVersion)
    const { pathOf, options } = this.#rendering
    const path = pathOf(object, { ...identity, version, resource: resource.plural })
    const { bytes, replaceWhole } = renderObject(object, {
      ...options,
      hasStatus: resource.hasStatus,
      protection: this.#protection,
    })
    const file = { key: identityKey(identity), identity, path, oid: contentId(bytes) }
    return { file: replaceWhole ? { ...file, isWhole: true } : file, bytes }
  }
}

function toProblem(error: unknown): Problem {
  if (error instanceof ProtectionError) return { reason: error.code, message: error.message }
  if (error instanceof NoPathError) return { reason: 'InvalidTemplate', message: error.message }
  return { reason: 'InternalError', message: String(error) }
}
