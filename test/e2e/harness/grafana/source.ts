import type { Api, KubeObject } from '../api.ts'
import { dashboard } from '../dashboard.ts'
import { credentialSecret } from '../tenant.ts'

const SECRET = 'grafana'

/** A namespace's Secret for a Grafana on loopback. */
export async function createGrafanaSecret(api: Api, namespace: string, token: string): Promise<void> {
  await api.create(credentialSecret(namespace, '127.0.0.1', { token }, SECRET))
}

/** A Dashboard with `source.grafana` and that Secret. It polls once an hour: tests ask for a look themselves. */
export const grafanaDashboard = (
  namespace: string,
  name: string,
  fields: { readonly url: string; readonly [field: string]: unknown },
  spec: object = {},
): KubeObject =>
  dashboard(namespace, name, { grafana: { secretRef: { name: SECRET }, interval: '1h', ...fields } }, spec)
