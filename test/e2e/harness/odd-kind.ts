import { waitFor } from './wait-for.ts'
import type { ControlPlane } from './control-plane.ts'
import { WRITTEN } from './gitsync.ts'
import { pluralOf } from './api.ts'
import type { KubeObject } from './api.ts'

const GROUP = 'e2e.example.com'

export interface OddKind {
  /** Entry of `spec.resources`. */
  readonly selector: object
  object(namespace: string, name: string, fields?: object): KubeObject
  /** Deletes the definition, and waits until the kind is not served any more. */
  remove(): Promise<void>
}

/** Installs a kind that takes any field, at the top level too, and has no status subresource. */
export async function oddKind({ api }: Pick<ControlPlane, 'api'>, kind: string): Promise<OddKind> {
  const plural = pluralOf(kind)
  const definition = { apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' }
  const path = `/apis/${GROUP}/v1/${plural}`
  await api.create({
    ...definition,
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope: 'Namespaced',
      names: { kind, plural },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
        },
      ],
    },
  })
  await waitFor(`${kind} is served`, async () => (await api.send('GET', path)).code === 200)
  return {
    selector: { group: GROUP, kind },
    object: (namespace, name, fields = { spec: { name } }) => ({
      apiVersion: `${GROUP}/v1`,
      kind,
      metadata: { name, namespace, labels: WRITTEN },
      ...fields,
    }),
    async remove() {
      await api.delete({ ...definition, name: `${plural}.${GROUP}` })
      await waitFor(`${kind} is not served`, async () => (await api.send('GET', path)).code === 404)
    },
  }
}
