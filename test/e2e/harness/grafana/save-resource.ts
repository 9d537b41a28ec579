import type { Credentials, Grafana } from '../../../kit/grafana/index.ts'

/** Of dashboards in schema v2. @param rest `/NAME`, or a query */
export const resourcePath = (rest = ''): string => `/apis/dashboard.grafana.app/v2/namespaces/default/dashboards${rest}`

/** Saves a dashboard in schema v2, with the tag `v2`. @param as default the administrator */
export async function saveResource(
  grafana: Grafana,
  uid: string,
  { title, message, as }: { readonly title: string; readonly message: string; readonly as?: Credentials },
): Promise<void> {
  const spec = { title, tags: ['v2'], elements: {}, layout: { kind: 'GridLayout', spec: { items: [] } } }
  const body = { metadata: { name: uid, annotations: { 'grafana.app/message': message } }, spec }
  const { status } = await grafana.ask('GET', resourcePath(`/${uid}`))
  if (status === 404) await grafana.api('POST', resourcePath(), body, as)
  else await grafana.api('PUT', resourcePath(`/${uid}`), body, as)
}
