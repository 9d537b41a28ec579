import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openRepository } from '@gitsync/protocol'
import { startGitea } from '../kit/gitea/index.ts'
import type { Gitea } from '../kit/gitea/index.ts'
import { realControlPlane } from './harness/control-plane.ts'
import type { ControlPlane } from './harness/control-plane.ts'
import { configMap } from './harness/gitsync.ts'
import { startOperator } from './harness/operator.ts'
import type { Operator } from './harness/operator.ts'
import { createTenant } from './harness/tenant.ts'
import { waitFor } from './harness/wait-for.ts'

const SECRET = 'open sesame'
let plane: ControlPlane
let gitea: Gitea
let operator: Operator
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'push-hooks-'))
  await writeFile(join(folder, 'secret'), `${SECRET}\n`)
  ;[plane, gitea] = await Promise.all([realControlPlane('etcd'), startGitea()])
  const args = ['--push-hooks', '127.0.0.1:0', '--push-hook-secret-file', join(folder, 'secret')]
  operator = await startOperator({ kubeconfig: plane.kubeconfig, args })
})
afterAll(async () => {
  await operator?.stop()
  await gitea?.stop()
  await plane?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('what somebody pushes to Gitea is written over when its webhook tells, not at the next interval', async () => {
  const url = await gitea.createRepository('shop', { private: true })
  const repository = { url, git: () => Promise.reject(new Error('not asked for')) }
  const host = new URL(gitea.url).host
  const tenant = await createTenant(plane.api, 'shop', { repository, host, credentials: { token: gitea.token } })
  await plane.api.create(configMap('shop', 'settings'))
  await tenant.sync({ spec: { interval: '24h' } })
  await tenant.ready()
  const hooks = /"pushHooks":"([^"]+)"/.exec(operator.log())?.[1] ?? ''
  const at = `/repos/${gitea.user}/shop`
  await gitea.api('POST', `${at}/hooks`, {
    type: 'gitea',
    active: true,
    events: ['push'],
    config: { url: `http://${hooks}/push`, content_type: 'json', secret: SECRET },
  })
  const repo = openRepository(url, { auth: { username: gitea.user, password: gitea.token } })
  const path = 'shop/sync/shop/configmap/settings.yaml'
  const read = async (): Promise<string> => (await repo.file('main', path)).bytes.toString()
  const before = await read()
  await using edit = await repo.edit('main')
  edit.put(path, before.replace(/^ {2}key: .*$/m, '  key: by hand'), { replace: true })
  await edit.commit({ message: 'by hand', author: { name: 'Ann', email: 'ann@example.com', date: new Date() } })
  await edit.push()
  await waitFor('it is written over', async () => (await read()) === before)
  const commits = (await gitea.api('GET', `${at}/commits?sha=main`)) as { readonly commit: { message: string } }[]
  expect(commits.map(({ commit }) => commit.message.split('\n')[0])).toEqual([
    'Update ConfigMap shop/settings',
    'by hand',
    'Create ConfigMap shop/settings',
  ])
})
