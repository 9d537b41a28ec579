import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { SUITES } from './test/suites.ts'

/** Conditions of `imports` and `exports` besides those that vitest has by default. */
function resolving(conditions: readonly string[]): Pick<TestProjectInlineConfiguration, 'resolve' | 'ssr'> {
  if (conditions.length === 0) return {}
  const all = { conditions: [...conditions, 'module', 'node', 'development|production'] }
  return { resolve: all, ssr: { resolve: all } }
}

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: SUITES.map(({ name, include, timeout, conditions = [], setup }) => ({
      ...resolving(conditions),
      test: {
        name,
        include: include.filter((pattern) => !pattern.startsWith('!')),
        exclude: [
          '**/node_modules/**',
          ...include.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
        ],
        testTimeout: timeout,
        hookTimeout: 120_000,
        env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/compiled') },
        setupFiles: setup === undefined ? [] : [setup],
      },
    })),
  },
})
