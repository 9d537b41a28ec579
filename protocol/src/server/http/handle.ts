import { GitError, isGitError } from '../../format/errors.ts'
import { FLUSH, packetLine } from '../../format/packet-line.ts'
import type { GitServer, Opened } from '../git-server.ts'
import { CAPABILITIES, receivePack } from '../receive-pack/receive-pack.ts'
import { advertiseUploadPackV0, advertiseV0, uploadPackV0 } from '../upload-pack/v0.ts'
import { advertiseV2, uploadPackV2 } from '../upload-pack/v2.ts'
import type { RepositoryName, RepositoryState } from '../store/repository-store.ts'
import { inOneLine, ToldError } from '../wire/side-band.ts'
import { bodyOf } from './body.ts'
import { inWords } from './request.ts'
import type { HttpAnswer, HttpRequest } from './request.ts'
import { route } from './route.ts'
import type { Service } from './route.ts'

/** Nothing of an answer is right for the next question. */
const NOT_KEPT = {
  'cache-control': 'no-cache, max-age=0, must-revalidate',
  pragma: 'no-cache',
  expires: 'Fri, 01 Jan 1980 00:00:00 GMT',
}
/** Bytes of a request that fetches: ids by the hundred thousand. */
const MAX_FETCH_REQUEST = 64 << 20

/** Answers a request of a Git client (gitprotocol-http). Never throws: what is wrong the answer says, in the client's protocol where it has begun. */
export async function handle(server: GitServer, request: HttpRequest): Promise<HttpAnswer> {
  try {
    return await handled(server, request)
  } catch (error) {
    server.onError(error)
    return inWords(500, 'internal error: whoever runs this server is told why')
  }
}

async function handled(server: GitServer, request: HttpRequest): Promise<HttpAnswer> {
  const wanted = route(request.method, request.url)
  if (wanted.to === 'refused') return inWords(wanted.status, wanted.why)
  const service = wanted.to === 'refs' ? wanted.service : wanted.to
  const { repository } = wanted
  const refusal = await refusalOf(server, request, repository, service)
  if (refusal !== undefined) return refusal
  const version = versionOf(request.headers['git-protocol'])
  // Its first answer says nothing of refs, and later ones look where they have to.
  const recalled = service === 'git-upload-pack' && version === 2 ? server.recall(repository) : undefined
  const opened =
    recalled ??
    (await server.open(repository)) ??
    (service === 'git-receive-pack' ? server.unborn(repository) : undefined)
  if (opened === undefined) return inWords(404, `there is no repository ${repository}`)
  if (wanted.to === 'refs') return advertisement(service, version, opened.state, server.agent)
  // Browsers send nothing of this type for a page of another origin, unless they are let.
  const type = `application/x-${service}-request`
  if (request.headers['content-type'] !== type) return inWords(415, `send it with content-type ${type}`)
  const headers = { ...NOT_KEPT, 'content-type': `application/x-${service}-result` }
  return { status: 200, headers, body: answer(request, service, version, opened, server) }
}

/** Undefined where it may go on. Who may not read learns nothing, not even whether there is such a repository. */
async function refusalOf(
  { authorizer }: GitServer,
  { headers: { authorization, host }, peer }: HttpRequest,
  repository: RepositoryName,
  service: Service,
): Promise<HttpAnswer | undefined> {
  const right = service === 'git-receive-pack' ? 'write' : 'read'
  const access = { repository, authorization, host, peer }
  const verdict = await authorizer.authorize({ ...access, right })
  if (verdict === 'allowed') return undefined
  if (verdict === 'unknown')
    return inWords(401, 'log in with a token of this server', {
      'www-authenticate': 'Basic realm="gitsync", charset="UTF-8"',
    })
  const mayRead = right === 'write' && (await authorizer.authorize({ ...access, right: 'read' })) === 'allowed'
  return mayRead
    ? inWords(403, `this token may not write to ${repository}`)
    : inWords(404, `there is no repository ${repository}`)
}

function advertisement(service: Service, version: 0 | 1 | 2, state: RepositoryState, agent: string): HttpAnswer {
  const headers = { ...NOT_KEPT, 'content-type': `application/x-${service}-advertisement` }
  if (service === 'git-upload-pack' && version === 2) return { status: 200, headers, body: advertiseV2(state, agent) }
  const refs =
    service === 'git-upload-pack'
      ? advertiseUploadPackV0(state, agent)
      : advertiseV0(state, { agent, capabilities: CAPABILITIES, isWithHead: false })
  const first = version === 1 ? [packetLine('version 1\n')] : []
  return { status: 200, headers, body: Buffer.concat([packetLine(`# service=${service}\n`), FLUSH, ...first, refs]) }
}

async function* answer(
  request: HttpRequest,
  service: Service,
  version: 0 | 1 | 2,
  opened: Opened,
  server: GitServer,
): AsyncGenerator<Uint8Array> {
  const { state } = opened
  const body = bodyOf(request, service === 'git-receive-pack' ? server.maxPushBytes : MAX_FETCH_REQUEST)
  try {
    if (service === 'git-receive-pack') {
      yield* receivePack(body, {
        ...opened,
        objects: await server.objectsOf(state),
        store: server.store,
        limits: server.limits,
      })
      server.maintenance.kick(opened.name)
    } else if (version === 2)
      yield* uploadPackV2(body, {
        state,
        latest: () => latest(server, opened),
        objectsOf: (of) => server.objectsOf(of),
      })
    else yield* uploadPackV0(body, state, await server.objectsOf(state))
  } catch (error) {
    const cause = error instanceof ToldError ? error.cause : error
    if (!isGitError(cause)) server.onError(cause)
    if (cause === error) yield packetLine(`ERR ${inOneLine(error)}\n`)
  } finally {
    // What is left of it is for whoever listens.
    await body.return(undefined)
  }
}

/** @throws GitError `RepositoryNotFound` where it is not there any more */
async function latest(server: GitServer, { name, state, isRecalled }: Opened): Promise<RepositoryState> {
  if (!isRecalled) return state
  const now = await server.open(name)
  if (now === undefined) throw new GitError('RepositoryNotFound', `there is no repository ${name} any more`)
  return now.state
}

/** Keys are separated by colons (gitprotocol-v2, "HTTP Transport"); what is not known counts for nothing. */
function versionOf(header: string | undefined): 0 | 1 | 2 {
  const versions = (header ?? '').split(':').flatMap((key) => /^version=([12])$/.exec(key)?.[1] ?? [])
  return Math.max(0, ...versions.map(Number)) as 0 | 1 | 2
}
