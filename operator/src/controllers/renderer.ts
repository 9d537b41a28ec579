import type { DashboardSpec } from '../api/dashboard.ts'
import { InvalidSpecError } from '../api/invalid-spec.ts'
import { DashboardError } from '../dashboard/dashboard-error.ts'
import { identityKey, parseApiVersion } from '../objects/object.ts'
import type { KubernetesObject, ObjectIdentity } from '../objects/object.ts'
import { contentId } from '../push/member.ts'
import type { RenderedFile } from '../push/member-settings.ts'
import { FileTooLargeError } from '../render/file-too-large-error.ts'
import type { PathRule } from '../render/path-rule.ts'
import { renderObject } from '../render/render.ts'
import type { RenderOptions } from '../render/render.ts'
import type { Protection } from '../render/secrets/protection.ts'
import { ProtectionError } from '../render/secrets/protection-error.ts'
import { NoPathError } from '../render/template-error.ts'
import type { FedText } from './feeds/feed.ts'
import { isDashboardKind } from './known-resources.ts'
import { renderDashboard, renderFed, syncOf } from './render-dashboard.ts'
import type { Source } from './source.ts'
import type { Problem } from './step.ts'

/** How objects become files. */
export interface Rendering {
  readonly pathOf: PathRule
  readonly options: Omit<RenderOptions, 'hasStatus'>
  /** Equal for equal renderings. */
  readonly id: string
}

/** Why an object could not be made a file. */
export interface Unrendered {
  readonly problem: Problem
  /** resourceVersion of the object. */
  readonly version: string | undefined
  /** Whether it is a Dashboard that says so itself. */
  readonly isDashboard: boolean
}

/** What could not be made a file. */
interface From {
  readonly version: string | undefined
  readonly isDashboard: boolean
  /** Undefined for dashboards whose text is not in their Dashboard. */
  readonly source?: Source
}

/** Makes a GitSync's objects files, and knows which could not be made one. */
export class Renderer {
  readonly #gitsync: string
  readonly #onProblems: () => void
  #rendering: Rendering | undefined
  /** Undefined while nothing is sensitive; a Secret cannot be rendered then. */
  #protection: Protection | undefined
  /** Objects that could not be made a file, and why. */
  readonly #problems = new Map<string, Unrendered & From>()

  /**
   * @param gitsync namespace/name: Dashboards that name it become dashboard files
   * @param onProblems called when there are others than before
   */
  constructor(gitsync: string, onProblems: () => void) {
    this.#gitsync = gitsync
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
    const { resourceVersion: version } = object.metadata
    const isDashboard = this.#isDashboard(object, source)
    return this.#attempt(key, { version, source, isDashboard }, () => this.#render(object, source, isDashboard))
  }

  /** As {@link Renderer.render}, of a dashboard whose text is not in its Dashboard. */
  renderFed(
    identity: ObjectIdentity,
    dashboard: FedText,
    { spec, placed }: { readonly spec: DashboardSpec; readonly placed: (wanted: string, suffixed: string) => string },
  ): RenderedFile | undefined {
    const { version } = dashboard
    return this.#attempt(identityKey(identity), { version, isDashboard: true }, () =>
      renderFed(dashboard, spec, { identity, protection: this.#protection, placed }),
    )
  }

  #attempt(key: string, from: From, render: () => RenderedFile): RenderedFile | undefined {
    try {
      const rendered = render()
      if (this.#problems.delete(key)) this.#onProblems()
      return rendered
    } catch (error) {
      this.#problems.set(key, { problem: toProblem(error), ...from })
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
  problems(): Iterable<readonly [key: string, why: Unrendered]> {
    return this.#problems
  }

  /** Why an object could not be made a file. */
  problemOf(key: string): Unrendered | undefined {
    return this.#problems.get(key)
  }

  /** Those that name another GitSync are objects like any others. */
  #isDashboard(object: KubernetesObject, { resource }: Source): boolean {
    return isDashboardKind(resource) && syncOf(object) === this.#gitsync
  }

  #render(object: KubernetesObject, source: Source, isDashboard: boolean): RenderedFile {
    if (this.#rendering === undefined) throw new TypeError('nothing is rendered before it is read')
    const { resource } = source
    const identity = source.identityOf(object)
    if (isDashboard) return renderDashboard(object, { identity, protection: this.#protection })
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
  if (error instanceof ProtectionError || error instanceof DashboardError || error instanceof FileTooLargeError)
    return { reason: error.code, message: error.message }
  if (error instanceof InvalidSpecError) return { reason: 'InvalidSpec', message: error.message }
  if (error instanceof NoPathError) return { reason: 'InvalidTemplate', message: error.message }
  return { reason: 'InternalError', message: String(error) }
}
