/** `make manifests`: writes deploy/ from the chart; with `--check` only says whether it is stale. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { CHART, connectHelm } from '../test/kit/helm/index.ts'

const NAMESPACE = `apiVersion: v1
kind: Namespace
metadata:
  name: gitsync-system
  labels:
    app.kubernetes.io/part-of: gitsync
    pod-security.kubernetes.io/enforce: restricted
`

const FILES: Readonly<Record<string, (kind: string) => boolean>> = {
  'crds.yaml': (kind) => kind === 'CustomResourceDefinition',
  'rbac.yaml': (kind) => kind === 'ServiceAccount' || /Role(Binding)?$/.test(kind),
  'admission.yaml': (kind) => kind.startsWith('ValidatingAdmissionPolicy'),
  'operator.yaml': (kind) => kind === 'Deployment' || kind === 'Service',
}

const NOTE = '# Made by `make manifests` from charts/gitsync-operator with its default values.\n'

const STAMP_NOTE =
  '# Made by `make manifests` from charts/gitsync-operator with attribution.enabled: for kubectl apply, beside deploy/base.\n'

/** What only Helm needs: what it did not install is not its own. */
const HELM_ONLY = /^ +(helm\.sh\/chart|app\.kubernetes\.io\/managed-by): .*\n/gm

/** Path below deploy/ → content. */
export async function manifests(): Promise<Readonly<Record<string, string>>> {
  const helm = await connectHelm()
  const args = ['template', 'gitsync-operator', CHART, '--namespace=gitsync-system', '--set=crds.keep=false']
  let rendered: string
  const attribution: Record<string, string> = {}
  try {
    rendered = (await helm(args)).replaceAll(HELM_ONLY, '')
    for (const version of ['v1', 'v1beta1']) {
      const served = ['--api-versions', `admissionregistration.k8s.io/${version}/MutatingAdmissionPolicy`]
      const only = ['--show-only', 'templates/attribution/policy.yaml', '--set=attribution.enabled=true']
      const text = (await helm([...args, ...served, ...only])).replaceAll(HELM_ONLY, '')
      attribution[`attribution/${version}.yaml`] =
        STAMP_NOTE + text.replaceAll(/^---\n# Source: .*\n/gm, '---\n').replace(/^---\n/, '')
    }
  } finally {
    await helm.close()
  }
  const documents = rendered
    .split(/^---\n/m)
    .map((text) => text.replaceAll(/^# Source: .*\n/gm, '').trim())
    .filter((text) => text !== '')
    .map((text) => ({ text, kind: String(parseAllDocuments(text)[0]?.get('kind')) }))
  const files: Record<string, string> = { 'base/namespace.yaml': NOTE + NAMESPACE }
  for (const [file, belongs] of Object.entries(FILES)) {
    const texts = documents.filter(({ kind }) => belongs(kind)).map(({ text }) => `${text}\n`)
    files[`base/${file}`] = NOTE + texts.join('---\n')
  }
  const other = documents.find(({ kind }) => !Object.values(FILES).some((belongs) => belongs(kind)))
  if (other !== undefined) throw new Error(`no file for ${other.kind}: add it to scripts/manifests.ts`)
  const names = ['namespace.yaml', ...Object.keys(FILES)]
  const resources = names.map((name) => `  - ${name}\n`).join('')
  const all = names.map((name) => (files[`base/${name}`] ?? '').slice(NOTE.length)).join('---\n')
  return {
    ...files,
    ...attribution,
    'base/kustomization.yaml': `${NOTE}apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n${resources}`,
    'install.yaml': NOTE + all,
  }
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(await manifests())) {
    const path = new URL(`../deploy/${name}`, import.meta.url).pathname
    if (existsSync(path) && readFileSync(path, 'utf8') === text) continue
    if (process.argv.includes('--check')) {
      console.error(`deploy/${name} is stale: run make manifests`)
      process.exitCode = 1
    } else {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
    }
  }
}
