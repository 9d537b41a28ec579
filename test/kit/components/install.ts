#!/usr/bin/env node
import { component, ComponentError } from './index.ts'
import { COMPONENTS } from './table.ts'
import type { ComponentName } from './table.ts'

const isName = (text: string): text is ComponentName => Object.hasOwn(COMPONENTS, text)

/** Provides the named components, default all, one after the other, and prints where each is. */
async function install(names: readonly string[]): Promise<number> {
  const all = Object.keys(COMPONENTS).filter(isName)
  const unknown = names.filter((name) => !isName(name))
  if (unknown.length > 0) {
    process.stderr.write(`no component ${unknown.join(', ')}: use ${all.join(', ')}\n`)
    return 2
  }
  for (const name of names.length === 0 ? all : all.filter((name) => names.includes(name))) {
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

process.exitCode = await install(process.argv.slice(2))
