import type { RepositoryName } from '../store/repository-store.ts'

export type Service = 'git-upload-pack' | 'git-receive-pack'

/** What a request is for. */
export type Route =
  | { readonly to: 'refs'; readonly repository: RepositoryName; readonly service: Service }
  | { readonly to: Service; readonly repository: RepositoryName }
  | { readonly to: 'refused'; readonly status: 400 | 403 | 404 | 405; readonly why: string }

/** One part of a name; also what no file system, no shell and no URL takes for something else. */
const PART = /^(?!\.)(?!.*\.(?:git|lock)$)[A-Za-z0-9._-]{1,100}(?<!\.)$/
const NAMES = 'repositories are /OWNER/NAME.git: letters, digits, dots, dashes and underscores'
const SERVICES: readonly string[] = ['git-upload-pack', 'git-receive-pack']

/** Paths are `/OWNER/NAME.git/…`; `.git` may be left out (gitprotocol-http). */
export function route(method: string, url: string): Route {
  const address = URL.parse(url, 'http://localhost')
  if (address === null) return refused(404, 'there is nothing here')
  const { pathname, searchParams } = address
  const [, owner = '', last = '', ...rest] = pathname.split('/')
  const what = rest.join('/')
  const name = last.replace(/\.git$/, '')
  if (![...SERVICES, 'info/refs', 'HEAD'].includes(what) && !what.startsWith('objects/'))
    return refused(404, `there is nothing here; ${NAMES}`)
  if (!PART.test(owner) || !PART.test(name)) return refused(400, NAMES)
  const repository = `${owner}/${name}`
  if (what === 'info/refs') {
    if (method !== 'GET') return refused(405, 'GET is for /info/refs')
    const service = searchParams.get('service')
    if (service === null) return refused(403, 'this server speaks the smart protocol alone: use git 1.6.6 or later')
    return isService(service)
      ? { to: 'refs', repository, service }
      : refused(403, `there is no service ${service.slice(0, 100)}`)
  }
  if (!isService(what)) return refused(403, 'this server speaks the smart protocol alone')
  return method === 'POST' ? { to: what, repository } : refused(405, `POST is for /${what}`)
}

const isService = (text: string): text is Service => SERVICES.includes(text)
const refused = (status: 400 | 403 | 404 | 405, why: string): Route => ({ to: 'refused', status, why })
