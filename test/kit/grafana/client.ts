import { component } from '../components/index.ts'
import { run } from '../process/index.ts'

export type ClientCall =
  | 'dashboard'
  | 'versions'
  | 'version'
  | 'search'
  | 'folders'
  | 'rules'
  | 'group'
  | 'panels'
  | 'panel'
  | 'org'

/**
 * What Grafana's own client makes of an answer: of a dashboard, its versions (at most `number`), its version `number`, or
 * the dashboards or the folders in the folder `uid`; all alert rules, the group `FOLDER/GROUP`, page `number` of the library panels, two on
 * each, or one of them; the organisation of the token, whatever the `uid`. Throws CommandError with what the client says.
 */
export async function askWithClient(
  url: string,
  token: string,
  call: ClientCall,
  uid: string,
  number?: number,
): Promise<any> {
  const more = number === undefined ? [] : [String(number)]
  const { stdout } = await run(await component('grafana-client'), [url, token, call, uid, ...more])
  return JSON.parse(stdout.toString())
}
