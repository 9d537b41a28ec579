import { randomInt } from 'node:crypto'
import { createServer, connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import { run } from '../process/index.ts'
import type { Namespaces } from './namespaces.ts'
import { NodeRequirementError } from './requirements.ts'

/** A cable between the machine and the node, and nothing beyond: what runs there reaches the machine, but no other. */
export interface Network {
  readonly machineAddress: string
  readonly nodeAddress: string
  /** Of the pods, as CIDR. */
  readonly pods: string
}

/** Of several nodes at once, each takes the first of these that nobody has. */
const ATTEMPTS = 20

export async function connectNode(namespaces: Namespaces): Promise<Network> {
  for (let attempt = 1; ; attempt++) {
    const number = randomInt(1, 250)
    const name = `gsnode${number}`
    try {
      await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(namespaces.pid)])
    } catch (error) {
      if (attempt < ATTEMPTS && String(error).includes('File exists')) continue
      throw new NodeRequirementError(`its network cannot be made: ${String(error)}`)
    }
    const [machineAddress, nodeAddress] = [`10.77.${number}.1`, `10.77.${number}.2`]
    await run('ip', ['addr', 'add', `${machineAddress}/30`, 'dev', name])
    await run('ip', ['link', 'set', name, 'up'])
    await namespaces.run('network', 'ip', ['addr', 'add', `${nodeAddress}/30`, 'dev', 'eth0'])
    await namespaces.run('network', 'ip', ['link', 'set', 'eth0', 'up'])
    await namespaces.run('network', 'ip', ['route', 'add', 'default', 'via', machineAddress])
    return { machineAddress, nodeAddress, pods: `10.78.${number}.0/24` }
  }
}

export interface Exposed {
  readonly url: string
  close(): Promise<void>
}

/** Makes a server on loopback, given by its URL, answer at `address` too, by passing on every byte. */
export async function exposeAt(address: string, url: string): Promise<Exposed> {
  const target = new URL(url)
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on('error', () => to.destroy())
      from.pipe(to)
    }
  })
  const sockets = new Set<{ destroy(): unknown }>()
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, address, resolve)
  })
  const seen = new URL(url)
  seen.hostname = address
  seen.port = String((server.address() as AddressInfo).port)
  return {
    url: seen.href,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve()
        })
        for (const socket of sockets) socket.destroy()
      }),
  }
}
