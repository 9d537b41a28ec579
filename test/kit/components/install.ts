#!/usr/bin/env node
import { component, ComponentError } from './index.ts'
import { COMPONENTS } from './table.ts'
import type { ComponentName } from './table.ts'

const isName = (text: string): text is ComponentName => Object.hasOwn(COMPONENTS, text)

/**
 * Provides the named components, one after the other, and prints where each is. Default: those that `make test` needs; with `--long`
 * all.
 */
async function install(names: readonly string[], isLong: boolean): Promise<number> {
  const all = Object.keys(COMPONENTS).filter(isName)
  const unknown = names.filter((name) => !isName(name))
  if (unknown.length > 0) {
    process.stderr.write(`no component ${unknown.join(', ')}: use ${all.join(', ')}\n`)
    return 2
  }
  const usual = all.filter((name) => isLong || COMPONENTS[name].isForLong !== true)
  for (const name of names.length === 0 ? usual : all.filter((name) => names.includes(name))) {
    try {
      process.stdout.write(`${name} ${await component(name)}\n`)
    } catch (error) {
      if (!(error instanceof ComponentError)) throw error
      process.stderr.write(`${error.message}\n`)
      return 1
    }
  }
  return 0
}

const words = process.argv.slice(2)
process.exitCode = await install(
  words.filter((word) => word !== '--long'),
  words.includes('--long'),
)
