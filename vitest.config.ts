import { defineConfig } from 'vitest/config'

const project = (name: string, include: string[], timeout = 20_000) => ({
  test: { name, include, testTimeout: timeout, hookTimeout: 120_000 },
})

/** `make test` runs every project but those of LONG; `make test-long` runs these too. */
export const LONG = ['long']

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project('protocol', ['protocol/src/**/*.test.ts']),
      project('operator', ['operator/src/**/*.test.ts']),
      project('kit', ['test/kit/**/*.test.ts'], 60_000),
      project('conformance', ['test/conformance/**/*.test.ts'], 60_000),
      project('e2e', ['test/e2e/**/*.test.ts'], 180_000),
      project('long', ['test/long/**/*.test.ts'], 1_800_000),
    ],
  },
})
