type Kubectl = (args: readonly string[], options?: { readonly input?: string }) => Promise<string>

/**
 * What the namespace controller does: contents first, then the namespace's own finalizer. Throws CommandError when
 * something in it is still held by a finalizer after 30 seconds.
 */
export async function finishNamespaceDeletion(kubectl: Kubectl, name: string): Promise<void> {
  await kubectl(['delete', 'namespace', name, '--wait=false', '--ignore-not-found'])
  const listed = await kubectl(['api-resources', '--namespaced', '--verbs=list,delete', '--output=name'])
  // Events of events.k8s.io are those of the core group again.
  const kinds = listed
    .trim()
    .split('\n')
    .filter((kind) => kind !== 'events.events.k8s.io')
  await kubectl(['delete', kinds.join(','), '--all', `--namespace=${name}`, '--timeout=30s', '--ignore-not-found'])
  const namespace = JSON.stringify({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name },
    spec: { finalizers: [] },
  })
  await kubectl(['replace', '--raw', `/api/v1/namespaces/${name}/finalize`, '-f', '-'], { input: namespace })
}
