import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { getHeapSnapshot } from 'node:v8'
import type { Logger } from 'pino'
import { bodyReader } from './body-reader.ts'
import { recordCpuProfile } from './cpu-profile.ts'
import { isLogLevel, LOG_LEVELS } from './log.ts'
import { answer, answerError, pathOf, startServer } from './server.ts'
import type { HttpServer } from './server.ts'

export interface AdminOptions {
  /** `host:port`; there is no login, so it had better be loopback. Port 0 takes a free one. */
  readonly address: string
  /** Its level is shown and changed. */
  readonly logger: Logger
  /** Whether heap snapshots are given: they hold everything in memory, Secrets and tokens too. */
  readonly allowsHeapSnapshots: boolean
}

/** Seconds of a CPU profile. */
const PROFILE = { least: 1, most: 60, default: 10 } as const
const MAX_BODY_BYTES = 64
/** Bodies that are held at the same time. */
const MAX_AT_ONCE = 8
const HELP = 'try GET or PUT /log-level, POST /profile/cpu?seconds=10 or POST /profile/heap\n'

/** `/log-level` and `/profile`: what a person at a keyboard needs of a process that runs. One profile at a time. */
export function serveAdmin(options: AdminOptions): Promise<HttpServer> {
  const readBody = bodyReader({ maxBytes: MAX_BODY_BYTES, atOnce: MAX_AT_ONCE })
  let isProfiling = false
  const profile = async (response: ServerResponse, make: () => Promise<void>): Promise<void> => {
    if (isProfiling) return answer(response, 409, 'another profile is being made: try again when it is done\n')
    isProfiling = true
    try {
      await make()
    } finally {
      isProfiling = false
    }
  }
  const route = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (isFromPage(request)) return answer(response, 403, 'not for web pages\n')
    switch (`${request.method} ${pathOf(request)}`) {
      case 'GET /log-level':
        return answer(response, 200, `${options.logger.level}\n`)
      case 'PUT /log-level':
        return readBody(request, (body) => setLevel(options.logger, body, response))
      case 'POST /profile/cpu':
        return profile(response, () => sendCpuProfile(request, response))
      case 'POST /profile/heap':
        if (!options.allowsHeapSnapshots) {
          return answer(response, 403, 'start the operator with --admin-heap-snapshots: they hold Secrets and tokens\n')
        }
        return profile(response, () => sendHeapSnapshot(options.logger, response))
      default:
        return answer(response, 404, HELP)
    }
  }
  return startServer('--admin', options.address, (request, response) => {
    route(request, response).catch((error: unknown) => answerError(response, error, 500))
  })
}

/** A page in the browser of whoever forwards the port must not reach it, by a request nor by a name that leads here. */
function isFromPage({ headers }: IncomingMessage): boolean {
  const hostname = URL.parse(`http://${headers.host ?? ''}`)?.hostname.replace(/^\[|\]$/g, '') ?? ''
  return headers.origin !== undefined || !(hostname === 'localhost' || isIP(hostname) > 0)
}

function setLevel(logger: Logger, body: Buffer, response: ServerResponse): void {
  const level = body.toString().trim()
  if (!isLogLevel(level)) return answer(response, 400, `the level must be one of ${LOG_LEVELS.join(', ')}\n`)
  logger.info({ before: logger.level, now: level }, 'the log level is changed')
  logger.level = level
  answer(response, 200, `${level}\n`)
}

async function sendCpuProfile(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = URL.parse(request.url ?? '', 'http://localhost')?.searchParams.get('seconds') ?? String(PROFILE.default)
  const seconds = Number(text)
  if (text.trim() === '' || !(seconds >= PROFILE.least && seconds <= PROFILE.most)) {
    return answer(response, 400, `seconds must be a number from ${PROFILE.least} to ${PROFILE.most}\n`)
  }
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const json = await recordCpuProfile(seconds * 1000, gone.signal)
  response.writeHead(200, download('application/json', 'gitsync-operator.cpuprofile')).end(json)
}

async function sendHeapSnapshot(logger: Logger, response: ServerResponse): Promise<void> {
  logger.warn('a heap snapshot is taken: it holds everything in memory, Secrets and tokens too')
  const snapshot = getHeapSnapshot()
  response.writeHead(200, download('application/json', 'gitsync-operator.heapsnapshot'))
  await pipeline(snapshot, response)
}

const download = (type: string, file: string) => ({
  'content-type': type,
  'content-disposition': `attachment; filename="${file}"`,
  'cache-control': 'no-store',
})
