import { CHART, connectHelm } from '../../kit/helm/index.ts'
import { gitsync } from './gitsync.ts'
import { waitFor } from './wait-for.ts'
import type { Api } from './api.ts'
import type { ControlPlane } from './control-plane.ts'

const GROUP = 'admissionregistration.k8s.io'

/** What tells helm, which is not connected, in which versions the API server serves MutatingAdmissionPolicies. */
export async function servedPolicies(api: Api): Promise<readonly string[]> {
  const args: string[] = []
  for (const version of ['v1', 'v1beta1']) {
    const { code } = await api.send('GET', `/apis/${GROUP}/${version}/mutatingadmissionpolicies`)
    if (code === 200) args.push('--api-versions', `${GROUP}/${version}/MutatingAdmissionPolicy`)
  }
  return args
}

/**
 * Applies the chart's policy that stamps authors, as the cluster serves it, and waits until it is in force.
 * @param extra the chart's value `attribution.extra`
 */
export async function installPolicy(plane: ControlPlane, extra: object = {}): Promise<void> {
  const helm = await connectHelm()
  try {
    const show = ['--show-only', 'templates/attribution/policy.yaml', ...(await servedPolicies(plane.api))]
    const values = JSON.stringify({ attribution: { enabled: true, extra } })
    const args = ['template', 'gitsync-operator', CHART, '--namespace=gitsync-system', ...show, '--values=-']
    await plane.kubectl(['apply', '--server-side', '-f', '-'], await helm(args, values))
  } finally {
    await helm.close()
  }
  // The API server learns of policies by a watch of its own.
  const probe = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'stamped', namespace: 'default' } }
  await waitFor('objects are stamped', async () => {
    const { body } = await plane.api.send('POST', '/api/v1/namespaces/default/configmaps?dryRun=All', probe)
    return body.metadata?.annotations?.['gitsync.dev/changed-by'] !== undefined
  })
  // Until it has read the schemas of definitions that are new, it answers 503 for their objects, whatever failurePolicy says.
  const sync = gitsync({ namespace: 'default', url: 'https://git.example.com/a/b.git' })
  const path = '/apis/gitsync.dev/v1alpha1/namespaces/default/gitsyncs?dryRun=All'
  const started = performance.now()
  await waitFor('custom objects are taken', async () => (await plane.api.send('POST', path, sync)).code === 201, {
    timeout: 60_000,
  })
  console.log(`custom objects are taken after ${Math.round(performance.now() - started)} ms`)
}
