/** `make chart`: packs the chart into dist/, and pushes it when a registry is named: `oci://host/path`. */
import { mkdirSync } from 'node:fs'
import { CHART, connectHelm } from '../test/kit/helm/index.ts'

const dist = new URL('../dist', import.meta.url).pathname
mkdirSync(dist, { recursive: true })
const helm = await connectHelm()
try {
  const packed = await helm(['package', CHART, '--destination', dist])
  process.stdout.write(packed)
  const [, target, ...flags] = process.argv.slice(1)
  const file = /saved it to: (.+)/.exec(packed)?.[1]
  if (target !== undefined && file !== undefined) process.stdout.write(await helm(['push', file, target, ...flags]))
} finally {
  await helm.close()
}
