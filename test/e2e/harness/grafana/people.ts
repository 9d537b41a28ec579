import type { Grafana, Login, Role } from '../../../kit/grafana/index.ts'
import { save } from './save.ts'

/** Who is in a Grafana. */
export interface People {
  /** She edits dashboards. */
  readonly ada: Login
  /** Of the operator's service account. */
  readonly token: string
}

/**
 * Lets people into a Grafana. One dashboard stays: that others are there tells a deleted one from a lost database.
 * @param role of the operator's account
 */
export async function letIn(grafana: Grafana, role: Role): Promise<People> {
  const ada = await grafana.user('ada', 'Editor')
  const { token } = await grafana.serviceAccount('gitsync', role)
  await save(grafana, 'other')
  return { ada, token }
}
