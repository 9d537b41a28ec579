import { describe, expect, test } from 'vitest'
import type { ApiResource, Discovery } from '../../kube/discovery.ts'
import { findKind, findObject } from './find-object.ts'

const kind = (
  group: string,
  kind: string,
  plural: string,
  { namespaced = true, short = [] as readonly string[] } = {},
): ApiResource => ({
  group,
  kind,
  plural,
  shortNames: short,
  namespaced,
  version: 'v1',
  verbs: ['list'],
  hasStatus: false,
})
const resources = [
  kind('', 'ConfigMap', 'configmaps', { short: ['cm'] }),
  kind('apps', 'Deployment', 'deployments', { short: ['deploy'] }),
  kind('', 'Event', 'events'),
  kind('events.k8s.io', 'Event', 'events'),
  kind('a.example.com', 'Pricelist', 'pricelists'),
  kind('b.example.com', 'Pricelist', 'pricelists'),
  kind('', 'Node', 'nodes', { namespaced: false, short: ['no'] }),
]
const discovery = { resources: async () => ({ resources, unknownGroups: [] }) } as unknown as Discovery

describe('a kind', () => {
  test.each([
    ['ConfigMap', 'configmaps', ''],
    ['configmaps', 'configmaps', ''],
    ['core/configmap', 'configmaps', ''],
    ['deployment', 'deployments', 'apps'],
    ['deployments.apps', 'deployments', 'apps'],
    ['deployments.v1.apps', 'deployments', 'apps'],
    ['apps/Deployment', 'deployments', 'apps'],
    ['cm', 'configmaps', ''],
    ['deploy', 'deployments', 'apps'],
    ['deploy.apps', 'deployments', 'apps'],
    ['event', 'events', ''],
    ['events.events.k8s.io', 'events', 'events.k8s.io'],
    ['pricelist.b.example.com', 'pricelists', 'b.example.com'],
  ])('%s is %s of group %j', async (text, plural, group) => {
    expect(await findKind(text, discovery)).toMatchObject({ plural, group })
  })

  test.each([
    ['pricelist', /may be pricelist.a.example.com, pricelist.b.example.com: name the group/, 'usage'],
    ['deploym', /did you mean Deployment.apps\?/, 'notFound'],
    ['widget', /kubectl api-resources lists all/, 'notFound'],
  ])('%s: %s', async (text, message, kind) => {
    await expect(findKind(text, discovery)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
  })
})

describe('an object', () => {
  test.each([
    ['configmap/settings', 'home', 'settings'],
    ['configmap/other/settings', 'other', 'settings'],
    ['node/worker', undefined, 'worker'],
  ])('%s is in %s', async (text, namespace, name) => {
    expect(await findObject(text, 'home', discovery)).toMatchObject({ namespace, name })
  })

  test.each(['configmap', 'configmap/', '/settings', 'configmap//settings', 'configmap/a/b/c', 'node/home/worker'])(
    '%s is wrong usage',
    async (text) => {
      await expect(findObject(text, 'home', discovery)).rejects.toMatchObject({ kind: 'usage' })
    },
  )
})
