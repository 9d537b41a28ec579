import { NODE_PATH } from './root-files.ts'
import type { ContainerConfig } from './archive.ts'

const SOURCE = 'https://github.com/gitsync-dev/gitsync-operator'

/** How the image runs: the Dockerfile says the same. */
export const containerConfig = (version: string, revision: string): ContainerConfig => ({
  // Memory that is given back, for a process that mostly waits.
  Entrypoint: [`/${NODE_PATH}`, '--max-semi-space-size=2', '--optimize-for-size', '/app/gitsync-operator.mjs'],
  Env: ['PATH=/usr/local/bin', 'NODE_ENV=production', 'MALLOC_ARENA_MAX=2'],
  User: '65532:65532',
  WorkingDir: '/app',
  StopSignal: 'SIGTERM',
  Labels: {
    'org.opencontainers.image.title': 'gitsync-operator',
    'org.opencontainers.image.description': 'Writes what people change in a Kubernetes cluster to Git, without cloning',
    'org.opencontainers.image.source': SOURCE,
    'org.opencontainers.image.documentation': 'https://gitsync.dev/docs',
    'org.opencontainers.image.licenses': 'Apache-2.0',
    'org.opencontainers.image.version': version,
    'org.opencontainers.image.revision': revision,
  },
})
