import { spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../process/index.ts'
import { COMPONENTS } from './table.ts'
import type { Component, ComponentName } from './table.ts'

export type { ComponentName } from './table.ts'

export interface ComponentOptions {
  /** Default: this process's environment. */
  readonly env?: NodeJS.ProcessEnv
  /** Folder of the recipes; default: this one. */
  readonly recipes?: string
  /** Takes the progress of a build, as text; default: standard error. */
  readonly onProgress?: (text: string) => void
}

/** A component that is neither on the machine nor could be built; the message says what to do. */
export class ComponentError extends Error {
  readonly code = 'COMPONENT_MISSING'
  readonly component: ComponentName

  constructor(component: ComponentName, message: string) {
    super(message)
    this.name = 'ComponentError'
    this.component = component
  }
}

/**
 * Absolute path of a real component's executable. Looked for in this order: the component's own variable (such as
 * GITSYNC_ETCD), $KUBEBUILDER_ASSETS, PATH when the version there fits, the cache, and if all fail it is built, which
 * takes minutes once per machine. Throws ComponentError.
 */
export async function component(name: ComponentName, options: ComponentOptions = {}): Promise<string> {
  const { env = process.env } = options
  const wanted = COMPONENTS[name]
  const named = env[wanted.variable]
  if (named !== undefined && named !== '') {
    if (await executable(named)) return resolve(named)
    throw new ComponentError(name, `${wanted.variable}=${named} is not an executable file: correct it, or unset it`)
  }
  const assets = env['KUBEBUILDER_ASSETS']
  if (wanted.asset && assets !== undefined && assets !== '') {
    const path = resolve(assets, wanted.file)
    if (await executable(path)) return path
  }
  return (await onPath(wanted, env)) ?? (await fromRecipe(name, wanted, options))
}

async function onPath(wanted: Component, env: NodeJS.ProcessEnv): Promise<string | null> {
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const path = resolve(folder, wanted.file)
    if (folder === '' || !(await executable(path))) continue
    const printed = await run(path, wanted.versionArgs, { env, timeout: 20_000 }).catch(() => null)
    const [, major, minor, patch] = wanted.versionPattern.exec(printed?.stdout.toString() ?? '') ?? []
    if (major !== undefined && wanted.fits({ major: Number(major), minor: Number(minor), patch: Number(patch) })) {
      return path
    }
  }
  return null
}

/** Recipes are done at once when their result is in the cache, so they are always asked. */
async function fromRecipe(name: ComponentName, wanted: Component, options: ComponentOptions): Promise<string> {
  const { env = process.env, recipes = fileURLToPath(new URL('.', import.meta.url)) } = options
  const onProgress = options.onProgress ?? ((text: string) => process.stderr.write(text))
  const child = spawn('bash', [join(recipes, `${wanted.recipe}.sh`)], { stdio: ['ignore', 'pipe', 'pipe'], env })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString()
  })
  child.stderr.on('data', (chunk: Buffer) => {
    stderr = (stderr + chunk.toString()).slice(-8192)
    onProgress(chunk.toString())
  })
  const problem = await new Promise<string | null>((settle) => {
    child.on('error', (error) => {
      settle(error.message)
    })
    child.on('close', (code, signal) => {
      settle(code === 0 ? null : `the recipe ended with ${signal ?? `code ${code}`}`)
    })
  })
  const path = join(stdout.trim(), wanted.file)
  if (problem === null && (await executable(path))) return path
  throw new ComponentError(
    name,
    [
      `${name} is not on this machine and could not be built: ${problem ?? `${path} was not made`}.`,
      `To see why, run: node test/kit/components/install.ts ${name}`,
      `To use one that you have, set ${wanted.variable} to its path.`,
      stderr.trim(),
    ].join('\n'),
  )
}

async function executable(path: string): Promise<boolean> {
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  )
}
