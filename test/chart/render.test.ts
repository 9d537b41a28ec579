import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { CHART, connectHelm } from '../kit/helm/index.ts'
import type { Helm } from '../kit/helm/index.ts'
import { CommandError, run } from '../kit/process/index.ts'
import { chartFiles } from '../../scripts/chart/files.ts'
import { manifests } from '../../scripts/manifests.ts'
import { kindsOf, MATRIX, only, render, template } from './render.ts'
import type { Values } from './render.ts'

let helm: Helm
beforeAll(async () => {
  helm = await connectHelm()
})
afterAll(() => helm.close())

const messageOf = async (values: Values): Promise<string> => {
  const error: unknown = await template(helm, values).catch((error: unknown) => error)
  if (!(error instanceof CommandError)) throw new Error('the values were accepted')
  return error.stderr
}

test('files that are made from the sources are as the sources say', async () => {
  for (const [path, text] of Object.entries(chartFiles())) expect(readFileSync(path, 'utf8') === text, path).toBe(true)
  for (const [name, text] of Object.entries(await manifests()))
    expect(readFileSync(`deploy/${name}`, 'utf8') === text, `deploy/${name}: run make manifests`).toBe(true)
})

test('helm lint has nothing to say', async () => {
  expect(await helm(['lint', '--strict', CHART])).toContain('1 chart(s) linted, 0 chart(s) failed')
})

test('Helm 3 makes the same as Helm 4', async () => {
  const helm3 = await connectHelm({ version: 'helm3' })
  try {
    for (const values of [{}, MATRIX['everything of a Pod'] ?? {}])
      expect(await render(helm3, values)).toEqual(await render(helm, values))
  } finally {
    await helm3.close()
  }
})

test.each([
  [{ replicaCount: 2 }, 'replicaCount'],
  [{ image: { pullpolicy: 'Always' } }, 'pullpolicy'],
  [{ image: { pullPolicy: 'always' } }, '/image/pullPolicy'],
  [{ namespace: 'shop' }, 'namespace'],
  [{ namespaces: ['Shop'] }, '/namespaces/0'],
  [{ watch: { rules: [{ apiGroup: 'apps', resources: ['deployments'] }] } }, 'apiGroup'],
  [{ watch: { kinds: ['secrets'] } }, 'kinds'],
  [{ crd: { keep: false } }, 'crd'],
  [{ crds: { keep: 'no' } }, '/crds/keep'],
  [{ metrics: { serviceMonitor: { enable: true } } }, 'enable'],
  [{ resources: { limit: { memory: '1Gi' } } }, 'limit'],
  [{ replicas: '2' }, '/replicas'],
  [{ logLevel: 'verbose' }, '/logLevel'],
  [{ image: { digest: 'abc' } }, '/image/digest'],
  [{ terminationGracePeriodSeconds: 10 }, '/terminationGracePeriodSeconds'],
  [{ tracing: { endpoint: 'collector:4317' } }, '/tracing/endpoint'],
  [{ attribution: { mode: 'policy' } }, '/attribution/mode'],
  [{ gitServer: { enabled: true } }, '/gitServer/enabled'],
  [{ auditPage: { enabled: true, proxy: { networks: ['proxy'] } } }, '/auditPage/proxy/networks/0'],
] as [Values, string][])('a typo is refused and named: %j', async (values, named) => {
  expect(await messageOf(values)).toContain(`'${named}'`)
})

test.each([
  [{ rbac: { rolesOnly: true } }, 'rbac.rolesOnly needs namespaces'],
  [
    { namespaces: ['a'], rbac: { rolesOnly: true }, attribution: { enabled: true } },
    'attribution needs rights outside',
  ],
  [{ auditPage: { enabled: true }, replicas: 2 }, 'auditPage.enabled needs one replica'],
  [
    { auditPage: { enabled: true }, namespaces: ['a'], rbac: { rolesOnly: true } },
    'auditPage.enabled needs rights outside namespaces',
  ],
  [{ auditPage: { enabled: true, ingress: { enabled: true } } }, 'auditPage.ingress.enabled needs'],
  [{ auditPage: { ingress: { enabled: true, host: 'audit.example.com' } } }, 'auditPage.ingress.enabled needs'],
  [{ auditPage: { enabled: true, httpRoute: { enabled: true } } }, 'auditPage.httpRoute.enabled needs'],
  [{ attribution: { audit: { enabled: true } } }, 'attribution.audit.enabled needs attribution.audit.tokenSecret'],
  [{ attribution: { extra: { name: 'example.com/name' } } }, 'attribution.extra.name needs attribution.extra.email'],
  [{ serviceAccount: { create: false } }, 'serviceAccount.name is empty'],
  [{ admin: { heapSnapshots: true } }, 'admin.heapSnapshots needs admin.enabled'],
  [{ admin: { enabled: true, port: 8080 } }, 'admin.port and metrics.port are both 8080'],
  [{ metrics: { service: { enabled: false }, serviceMonitor: { enabled: true } } }, 'needs metrics.service'],
  [{ metrics: { podMonitor: { enabled: true }, serviceMonitor: { enabled: true } } }, 'stored twice'],
  [{ watch: { rules: [{ apiGroups: [''], resources: ['secrets'] }] } }, 'resource "secrets"'],
  [{ watch: { rules: [{ apiGroups: ['*'], resources: ['*'] }] } }, 'resource "*"'],
] as [Values, string][])('what cannot work is refused in words that help: %j', async (values, text) => {
  const message = await messageOf(values)
  expect(message).toContain(text)
  expect(message).toContain('https://gitsync.dev/docs/troubleshooting#errors-of-helm')
})

test('every value of the schema is in values.yaml with the same default, and the other way round', () => {
  const schema = JSON.parse(readFileSync(`${CHART}/values.schema.json`, 'utf8')) as object
  const defaults = (node: any): unknown =>
    node.default === undefined
      ? Object.fromEntries(Object.entries(node.properties as object).map(([key, value]) => [key, defaults(value)]))
      : node.default
  const { global: _, ...wanted } = defaults({
    ...schema,
    properties: { ...(schema as any).properties, global: { default: {} } },
  }) as any
  expect(parse(readFileSync(`${CHART}/values.yaml`, 'utf8'))).toEqual(wanted)
})

test('the program knows every argument that the chart gives it', async () => {
  const program = new URL('../../operator/src/cli/gitsync-operator.ts', import.meta.url).pathname
  const help = (await run(process.execPath, [program, '--help'])).stdout.toString()
  const known = new Set(help.match(/--[a-z-]+/g))
  const given = new Set<string>()
  for (const values of Object.values(MATRIX)) {
    const [container] = only(await render(helm, values), 'Deployment')['spec'].template.spec.containers
    for (const argument of container.args as string[]) given.add(argument.split('=')[0] ?? '')
  }
  expect([...given].sort()).toEqual([
    '--admin',
    '--admin-heap-snapshots',
    '--allow-private-hosts',
    '--audit-page',
    '--audit-page-audience',
    '--audit-page-groups-header',
    '--audit-page-proxy',
    '--audit-page-user-header',
    '--audit-token-secret',
    '--email-extra',
    '--lease-name',
    '--log-level',
    '--metrics',
    '--name-extra',
    '--namespace',
    '--push-hook-secret-file',
    '--push-hooks',
    '--roles-only',
    '--trusted-account',
    '--webhook',
    '--webhook-configuration',
    '--webhook-host',
    '--webhook-name',
  ])
  expect([...given].filter((flag) => !known.has(flag))).toEqual([])
  const refused: unknown = await run(process.execPath, [program, '--roles-only']).catch((error: unknown) => error)
  expect(refused).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('--roles-only needs --namespace') })
})

describe('what is made', () => {
  test('of the defaults', async () => {
    const objects = await render(helm)
    expect(kindsOf(objects).sort()).toEqual([
      'ClusterRole',
      'ClusterRole',
      'ClusterRole',
      'ClusterRoleBinding',
      'CustomResourceDefinition',
      'CustomResourceDefinition',
      'CustomResourceDefinition',
      'Deployment',
      'Role',
      'Role',
      'RoleBinding',
      'RoleBinding',
      'Service',
      'ServiceAccount',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
    ])
    const [container] = only(objects, 'Deployment')['spec'].template.spec.containers
    expect(container.image).toBe('ghcr.io/gitsync-dev/gitsync-operator:0.1.0')
    expect(container.args).toEqual(['--metrics=0.0.0.0:8080', '--log-level=info'])
    for (const { kind, metadata } of objects.filter(({ kind }) => kind === 'CustomResourceDefinition'))
      expect(metadata['annotations'], kind).toEqual({ 'helm.sh/resource-policy': 'keep' })
  })

  test('a budget for disruptions only with more than one replica', async () => {
    expect(kindsOf(await render(helm))).not.toContain('PodDisruptionBudget')
    expect(kindsOf(await render(helm, { replicas: 2 }))).toContain('PodDisruptionBudget')
    expect(kindsOf(await render(helm, { replicas: 2, podDisruptionBudget: { enabled: false } }))).not.toContain(
      'PodDisruptionBudget',
    )
  })

  test('Pods know where each other is, and may reach it, only with more than one that is told something', async () => {
    const relay = async (values: Values): Promise<{ readonly address: unknown; readonly ports: unknown }> => {
      const objects = await render(helm, values)
      const [container] = only(objects, 'Deployment')['spec'].template.spec.containers
      const { egress } = only(objects, 'NetworkPolicy')['spec']
      return {
        address: container.env.find(({ name }: any) => name === 'GITSYNC_ADVERTISE_ADDRESS')?.valueFrom,
        ports: egress.find(({ to }: any) => to?.[0].podSelector !== undefined)?.ports,
      }
    }
    const told = MATRIX['two replicas that are told'] ?? {}
    const address = { fieldRef: { fieldPath: 'status.podIP' } }
    expect(await relay(told)).toEqual({ address, ports: [{ port: 8090 }, { port: 9443 }] })
    expect(await relay({ ...told, pushHooks: {} })).toEqual({ address, ports: [{ port: 9443 }] })
    expect(await relay({ ...told, replicas: 1 })).toEqual({})
    expect(await relay({ ...told, pushHooks: {}, attribution: {} })).toEqual({})
  })

  test('the audit page is nowhere but where it is wanted', async () => {
    for (const [name, values] of Object.entries(MATRIX)) {
      const text = JSON.stringify(await render(helm, values))
      expect(/audit-page|tokenreviews/.test(text), name).toBe(values['auditPage'] !== undefined)
    }
  })

  test('the audit page has a Service, ways in, and the right to ask whose a token is', async () => {
    const parentRefs = [{ name: 'public', namespace: 'gateways', sectionName: 'https' }]
    const httpRoute = { enabled: true, parentRefs, hostnames: ['audit.example.com'] }
    const given = MATRIX['audit page']?.['auditPage'] as object
    const objects = await render(helm, { ...MATRIX['audit page'], auditPage: { ...given, httpRoute } })
    const [container] = only(objects, 'Deployment')['spec'].template.spec.containers
    expect(container.args.filter((argument: string) => argument.startsWith('--audit'))).toEqual([
      '--audit-page=0.0.0.0:9070',
      '--audit-page-audience=gitsync-audit',
      '--audit-page-proxy=10.20.0.7/32',
      '--audit-page-proxy=fd00::/64',
      '--audit-page-user-header=X-Auth-User',
      '--audit-page-groups-header=X-Forwarded-Groups',
    ])
    const service = objects.find(({ kind, metadata }) => kind === 'Service' && metadata.name.endsWith('-audit-page'))
    const { name } = service?.metadata ?? {}
    expect(service?.['spec'].ports).toEqual([{ name: 'http', port: 80, targetPort: 'audit-page' }])
    expect(container.ports).toContainEqual({ name: 'audit-page', containerPort: 9070 })
    expect(only(objects, 'Ingress')['spec']).toEqual({
      ingressClassName: 'nginx',
      tls: [{ hosts: ['audit.example.com'], secretName: 'audit-tls' }],
      rules: [
        {
          host: 'audit.example.com',
          http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name, port: { name: 'http' } } } }] },
        },
      ],
    })
    expect(only(objects, 'HTTPRoute')['spec']).toEqual({
      parentRefs,
      hostnames: ['audit.example.com'],
      rules: [{ backendRefs: [{ name, port: 80 }] }],
    })
    expect(only(objects, 'NetworkPolicy')['spec'].ingress).toContainEqual({
      ports: [{ port: 9070 }],
      from: [{ podSelector: { matchLabels: { app: 'proxy' } } }],
    })
    const rules = objects.flatMap((object) => (object['rules'] as any[] | undefined) ?? [])
    expect(rules.filter(({ resources }) => resources.includes('tokenreviews'))).toEqual([
      { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    ])
  })

  test('with Roles only nothing outside namespaces', async () => {
    const objects = await render(helm, MATRIX['roles only'])
    expect(kindsOf(objects).sort()).toEqual([
      'Deployment',
      'Role',
      'Role',
      'Role',
      'RoleBinding',
      'RoleBinding',
      'RoleBinding',
      'Service',
      'ServiceAccount',
    ])
    expect(only(objects, 'Deployment')['spec'].template.spec.containers[0].args).toEqual(
      expect.arrayContaining(['--namespace=shop', '--roles-only']),
    )
  })

  test('Secrets are listed, watched and made with watch.secrets alone, whatever else is selected', async () => {
    for (const [name, values] of Object.entries(MATRIX)) {
      const isAllowed = (values['watch'] as { secrets?: boolean } | undefined)?.secrets === true
      const makesKeys = (values['signing'] as { generate?: boolean } | undefined)?.generate === true
      const more = [...(isAllowed ? ['list,watch', 'create,update'] : []), ...(makesKeys ? ['create'] : [])]
      const expected = ['get', ...more]
      const rules = (await render(helm, values)).flatMap((object) => (object['rules'] as any[] | undefined) ?? [])
      // What has a name is the webhook's own.
      const secrets = rules.filter(({ resources, resourceNames }) => resources.includes('secrets') && !resourceNames)
      expect([...new Set(secrets.map(({ verbs }) => verbs.join()))], name).toEqual(secrets.length === 0 ? [] : expected)
      expect(
        rules.some(({ verbs }) => verbs.includes('*')),
        name,
      ).toBe(false)
    }
  })

  test('a pinned image has its digest', async () => {
    const [container] = only(await render(helm, MATRIX['pinned image']), 'Deployment')['spec'].template.spec.containers
    expect(container.image).toBe(`registry.example/gitsync:v1@sha256:${'a'.repeat(64)}`)
  })
})
