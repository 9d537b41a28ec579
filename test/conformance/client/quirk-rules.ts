import { SHA1 } from '@gitsync/protocol'
import { readPack } from '../../../protocol/src/format/pack-reader.ts'
import { band, FLUSH, packet } from './scripted-server.ts'
import type { Asked, Reply, Rule } from './scripted-server.ts'

/** What servers are known to do differently from git, as rules over git's own server. */

export const filterOf = ({ lines }: Asked): string | undefined =>
  lines.find((line) => line.startsWith('filter '))?.slice(7)
export const wantsOf = ({ lines }: Asked): string[] =>
  lines.filter((line) => line.startsWith('want ')).map((line) => line.slice(5))
export const isFetch = ({ lines }: Asked): boolean => lines[0] === 'command=fetch'
export const isLsRefs = ({ lines }: Asked): boolean => lines[0] === 'command=ls-refs'
const isPush = ({ service, method }: Asked): boolean => service === 'receive-pack' && method === 'POST'
export const refused = (text: string): Reply => ({ body: Buffer.concat([packet(`ERR ${text}\n`), FLUSH]) })

/** An empty pack behind the section header, as a server sends that left out all that was wanted. */
const EMPTY_PACK = Buffer.concat([
  packet('packfile\n'),
  band(1, Buffer.from('5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e', 'hex')),
  FLUSH,
])

/** Filters are not supported, and the server says so. */
export const noFilters: (asked: Asked) => Reply | undefined = (asked) =>
  filterOf(asked) === undefined ? undefined : refused('filter not supported')

/** `combine` is an invalid filter, and `tree:0` leaves out even what is wanted by its id. */
export const fewFilters: (asked: Asked) => Reply | undefined = (asked) => {
  const filter = filterOf(asked)
  if (filter?.startsWith('combine:') === true || filter?.startsWith('object:') === true)
    return refused('Invalid filter')
  return filter === 'tree:0' ? { body: EMPTY_PACK } : undefined
}

/** Only what refs point to may be wanted. */
export const onlyWants =
  (allowed: ReadonlySet<string>): ((asked: Asked) => Reply | undefined) =>
  (asked) => {
    const foreign = wantsOf(asked).find((oid) => !allowed.has(oid))
    return foreign === undefined ? undefined : refused(`upload-pack: not our ref ${foreign}`)
  }

/** No `unborn`, no `object-format`, no `agent`; `unborn` is an error; the advertisement begins with the service. */
export const bareAdvertisement: (asked: Asked) => Reply | undefined = (asked) => {
  if (asked.method === 'GET') {
    const service = packet(`# service=git-${asked.service}\n`)
    const lines = ['version 2\n', 'ls-refs\n', 'fetch=shallow\n'].map(packet)
    return { body: Buffer.concat([service, FLUSH, ...lines, FLUSH]) }
  }
  return isLsRefs(asked) && asked.lines.includes('unborn') ? refused('unexpected line: unborn') : undefined
}

/** Full names of the refs that a push is to change. */
const pushedRefs = ({ lines }: Asked): string[] =>
  lines.map((line) => line.split('\0')[0]?.split(' ')[2] ?? '').filter((ref) => ref !== '')

const reportOf = (...lines: readonly string[]): Buffer =>
  Buffer.concat([band(1, Buffer.concat([...lines.map((line) => packet(`${line}\n`)), FLUSH])), FLUSH])

/** `atomic` is offered, and each ref goes its own way. */
export const notAtomic: Rule = async (asked, forward) => {
  const body = asked.body.toString('latin1')
  const caps = body.indexOf(' atomic')
  if (!isPush(asked) || caps < 0 || caps > (asked.lines[0]?.length ?? 0) + 4) return undefined
  // Blanks, since the length of the line stands before it.
  return { body: await forward(Buffer.from(body.replace(' atomic', '       '), 'latin1')) }
}

/** Packs that need objects which the server has are not taken. For SHA-1. */
export const noThinPacks: Rule = async (asked) =>
  isPush(asked) && (await isThin(asked.body))
    ? { body: reportOf('unpack missing base object', ...pushedRefs(asked).map((ref) => `ng ${ref} unpacker error`)) }
    : undefined

async function isThin(body: Buffer): Promise<boolean> {
  const start = body.indexOf('PACK')
  if (start < 0) return false
  const pack = (async function* () {
    yield body.subarray(start)
  })()
  const limits = { maxObjects: 1000, maxObjectBytes: 1 << 20, maxHeldBytes: 1 << 20 }
  try {
    for await (const _object of readPack(pack, { format: SHA1, limits }));
    return false
  } catch {
    return true
  }
}

/** Only the first form of the report is known: who asks for the second alone hears nothing. */
export const firstReportOnly: Rule = async (asked, forward) => {
  if (!isPush(asked)) return undefined
  const capabilities = asked.lines[0]?.split('\0')[1]?.split(' ') ?? []
  const unknown = Buffer.from(asked.body.toString('latin1').replace('report-status-v2', 'report-status-xx'), 'latin1')
  const answer = await forward(unknown)
  return { body: capabilities.includes('report-status') ? answer : '' }
}

/** Every push is answered with ok, also of a ref that was elsewhere and has not moved; git's name is not given. */
export const alwaysOk: Rule = async (asked, forward) => {
  if (asked.method === 'GET') {
    const advertised = await forward()
    return { body: Buffer.from(advertised.toString('latin1').replaceAll('agent=git/', 'agent=hob/'), 'latin1') }
  }
  if (!isPush(asked)) return undefined
  await forward()
  return { body: reportOf('unpack ok', ...pushedRefs(asked).map((ref) => `ok ${ref}`)) }
}

/** The first of several rules that has something to say. */
export const firstOf =
  (...rules: readonly Rule[]): Rule =>
  async (asked, forward) => {
    for (const rule of rules) {
      const reply = await rule(asked, forward)
      if (reply !== undefined) return reply
    }
    return undefined
  }
