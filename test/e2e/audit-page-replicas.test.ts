/** The audit page of several replicas behind one address, none of which knows the sessions of another. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { embeddedControlPlane } from './harness/control-plane.ts'
import type { ControlPlane } from './harness/control-plane.ts'
import { startOperator } from './harness/operator.ts'
import type { Operator } from './harness/operator.ts'
import { waitFor } from './harness/wait-for.ts'

let plane: ControlPlane
const operators: Operator[] = []
beforeAll(async () => {
  plane = await embeddedControlPlane()
})
afterAll(async () => {
  for (const operator of operators) await operator.kill()
  await plane?.stop()
})

async function start(identity: string): Promise<Operator> {
  const { kubeconfig } = plane
  const operator = await startOperator({ kubeconfig, identity, args: ['--audit-page', '127.0.0.1:0'] })
  operators.push(operator)
  return operator
}

/** Status of a page, of the form, and of a login. */
async function answers(operator: Operator): Promise<number[]> {
  const page = `http://${/"auditPage":"([^"]+)"/.exec(operator.log())?.[1] ?? ''}`
  const login = { method: 'POST', headers: { 'sec-fetch-site': 'same-origin' }, body: 'token=nonsense' }
  const all = await Promise.all([fetch(page), fetch(`${page}/login`), fetch(`${page}/login`, login)])
  return all.map(({ status }) => status)
}

const NOT_NOW = [503, 503, 503]
const HERE = [401, 200, 401]

test('pages are where GitSyncs are known, and nobody logs in elsewhere', async () => {
  const unlisted = plane.embedded?.faults.forbid(({ resource }) => resource === 'gitsyncs')
  const first = await start('first')
  const readiness = async (): Promise<string> => (await fetch(`${first.url}/readyz`)).text()
  await waitFor('it has the Lease', async () => (await readiness()).includes('GitSyncs have not been listed'))
  expect(await answers(first)).toEqual(NOT_NOW)
  unlisted?.()
  await waitFor('the first has pages', async () => String(await answers(first)) === String(HERE), { timeout: 60_000 })
  const second = await start('second')
  expect(await answers(second)).toEqual(NOT_NOW)
  await first.stop()
  await waitFor('the second has them', async () => String(await answers(second)) === String(HERE), { timeout: 60_000 })
})
