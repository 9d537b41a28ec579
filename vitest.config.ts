import { defineConfig } from 'vitest/config'
import { SUITES } from './test/suites.ts'

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: SUITES.map(({ name, include, timeout }) => ({
      test: {
        name,
        include: include.filter((pattern) => !pattern.startsWith('!')),
        exclude: [
          '**/node_modules/**',
          ...include.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1)),
        ],
        testTimeout: timeout,
        hookTimeout: 120_000,
      },
    })),
  },
})
