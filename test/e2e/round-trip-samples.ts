/** One object of each kind that has something which is easily lost. The namespace and a label are added when it is made. */
export interface Sample {
  readonly namespaced: boolean
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly labels?: object; readonly annotations?: object }
  readonly [field: string]: unknown
}

const sample = (apiVersion: string, kind: string, name: string, rest: object = {}): Sample => ({
  apiVersion,
  kind,
  metadata: { name },
  namespaced: true,
  ...rest,
})
const clusterWide = (apiVersion: string, kind: string, name: string, rest: object): Sample => ({
  ...sample(apiVersion, kind, name, rest),
  namespaced: false,
})

const POD = {
  restartPolicy: 'Never',
  containers: [
    {
      name: 'main',
      image: 'registry.example.com/main:1',
      command: ['sh', '-c', 'true'],
      env: [{ name: 'EMPTY', value: '' }],
    },
  ],
}

/** Texts that readers of YAML take for something else, or that its writers break. */
const NASTY: Readonly<Record<string, string>> = {
  yes: 'yes',
  no: 'no',
  on: 'on',
  null: 'null',
  '1': '1',
  '1.5': '1.50',
  '0x1F': '0x1F',
  '012': '012',
  tilde: '~',
  exponent: '1e3',
  underscores: '1_000',
  infinity: '.inf',
  date: '2001-12-14',
  time: '12:30:45',
  equals: '=',
  merge: '<<',
  empty: '',
  blank: ' ',
  'only-breaks': '\n\n',
  'trailing-space': 'text \nmore  \n',
  'leading-space': '  indented\nless\n',
  'no-final-break': 'a\nb',
  'many-final-breaks': 'a\n\n\n',
  tabs: '\tstart\n\tmore\t\n',
  'carriage-returns': 'one\r\ntwo\rthree\r\n',
  comment: '# no comment',
  colon: 'key: value',
  dash: '- item',
  question: '? complex',
  percent: '%YAML 1.2',
  'document-start': '---\ntext\n',
  'document-end': '...\n',
  anchors: '&anchor *alias !tag',
  quotes: `it's "quoted" \\ \`here\``,
  braces: '{{ .Values.x }} [a, b] {c: d}',
  unicode: 'žluťoučký 🐎 — “quotes” 日本語',
  'separators.of.lines': 'a\u2028b\u2029c\u0085d',
  'byte-order-mark': '\uFEFFtext',
  controls: 'bell\u0007 escape\u001b[0m delete\u007f',
  long: `${'word '.repeat(500)}end`,
  json: '{"a": [1, 2.0, 1e5], "b": null}\n',
}

export const SAMPLES: readonly Sample[] = [
  sample('v1', 'ConfigMap', 'immutable', {
    immutable: true,
    data: { key: 'value' },
    binaryData: { bytes: 'AAECA/8=' },
  }),
  sample('v1', 'ConfigMap', 'nasty.strings', {
    metadata: {
      name: 'nasty.strings',
      annotations: { 'example.com/note': 'line one\nline two: "x"\n', 'example.com/on': 'off' },
    },
    data: NASTY,
  }),
  sample('v1', 'ConfigMap', 'empty'),
  sample('v1', 'ConfigMap', 'finalized', {
    metadata: { name: 'finalized', annotations: { 'argocd.argoproj.io/sync-wave': '-5' } },
  }),
  sample('v1', 'ServiceAccount', 'puller', {
    imagePullSecrets: [{ name: 'registry' }],
    automountServiceAccountToken: false,
  }),
  sample('v1', 'Service', 'web', {
    spec: {
      selector: { app: 'web' },
      ports: [{ name: 'http', port: 80, targetPort: 'http' }],
      sessionAffinity: 'ClientIP',
    },
  }),
  sample('v1', 'Service', 'headless', {
    spec: { clusterIP: 'None', publishNotReadyAddresses: true, ports: [{ port: 5432 }] },
  }),
  sample('v1', 'Service', 'outside', { spec: { type: 'NodePort', ports: [{ port: 443, nodePort: 30443 }] } }),
  sample('v1', 'PersistentVolumeClaim', 'data', {
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1536Mi' } },
      storageClassName: 'odd-storage',
    },
  }),
  sample('batch/v1', 'Job', 'once', {
    spec: { backoffLimit: 0, ttlSecondsAfterFinished: 60, suspend: true, template: { spec: POD } },
  }),
  sample('batch/v1', 'CronJob', 'nightly', {
    spec: {
      schedule: '0 3 * * *',
      timeZone: 'Europe/Prague',
      concurrencyPolicy: 'Forbid',
      suspend: true,
      jobTemplate: { metadata: { labels: { team: 'night' } }, spec: { template: { spec: POD } } },
    },
  }),
  sample('networking.k8s.io/v1', 'NetworkPolicy', 'deny-all', {
    spec: {
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }],
    },
  }),
  sample('networking.k8s.io/v1', 'Ingress', 'web', {
    spec: {
      rules: [
        {
          host: '*.example.com',
          http: {
            paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'web', port: { name: 'http' } } } }],
          },
        },
      ],
    },
  }),
  sample('rbac.authorization.k8s.io/v1', 'Role', 'reader:all', {
    rules: [{ apiGroups: [''], resources: ['pods', 'pods/log'], verbs: ['get'], resourceNames: ['one'] }],
  }),
  sample('rbac.authorization.k8s.io/v1', 'RoleBinding', 'reader:all', {
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader:all' },
    subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'Jane Doe' }],
  }),
  sample('apps/v1', 'Deployment', 'web', {
    spec: {
      replicas: 0,
      selector: { matchLabels: { app: 'web' } },
      template: {
        metadata: { labels: { app: 'web' } },
        spec: {
          containers: [
            {
              name: 'web',
              image: 'registry.example.com/web:1',
              resources: { limits: { cpu: '1500m', memory: '1.5Gi' } },
            },
          ],
        },
      },
    },
  }),
  clusterWide('storage.k8s.io/v1', 'StorageClass', 'odd-storage', {
    provisioner: 'example.com/disk',
    parameters: { fast: 'true' },
    reclaimPolicy: 'Retain',
    allowVolumeExpansion: true,
    mountOptions: ['noatime'],
    volumeBindingMode: 'WaitForFirstConsumer',
  }),
  clusterWide('scheduling.k8s.io/v1', 'PriorityClass', 'odd-priority', {
    value: -10,
    globalDefault: false,
    description: 'below everything: really',
    preemptionPolicy: 'Never',
  }),
  clusterWide('rbac.authorization.k8s.io/v1', 'ClusterRole', 'e2e:Aggregate', {
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'e2e/none': 'true' } }] },
    rules: [],
  }),
]
