import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { ProcessError } from './start.ts'

const ATTEMPTS = 3

/**
 * Runs `start`, which starts a server, with ports of 127.0.0.1 that are free, all different; and again with others when
 * another program takes one in between.
 */
export async function withFreePorts<T>(count: number, start: (ports: readonly number[]) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePorts(count))
    } catch (error) {
      const taken = error instanceof ProcessError && error.output.includes('address already in use')
      if (!taken || attempt === ATTEMPTS) throw error
    }
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen(0, '127.0.0.1', resolve)
      })
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
