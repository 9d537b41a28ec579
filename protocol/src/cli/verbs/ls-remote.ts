import type { Ref } from '../../client/wire/ls-refs.ts'
import { addConnectionOptions, connect } from '../options.ts'
import type { ConnectionFlags } from '../options.ts'
import { writeJson, writeLines } from '../output.ts'
import type { Verb } from '../verb.ts'

interface Flags extends ConnectionFlags {
  readonly heads?: boolean
  readonly tags?: boolean
  readonly json?: boolean
}

export const lsRemote: Verb = {
  name: 'ls-remote',
  define(command, io) {
    addConnectionOptions(command)
      .description('List refs, as git ls-remote prints them')
      .argument('<url>', 'https:// or http:// address of the repository')
      .argument('[prefix...]', 'only refs that begin so: refs/heads/team-, or short: team-')
      .option('--heads', 'only branches')
      .option('--tags', 'only tags')
      .option('--json', 'print [{name, oid, peeled?, symref?}]')
      .action(async (url: string, prefixes: string[], flags: Flags) => {
        const repo = await connect(url, flags, io)
        const wanted = refPrefixes(prefixes, flags)
        const nothing = prefixes.length > 0 && wanted.length === 0
        const refs = nothing ? [] : (await repo.refs({ prefix: wanted })).filter(exists)
        if (flags.json === true) await writeJson(io, refs)
        else await writeLines(io, refs.flatMap(lines))
      })
  },
}

/** A branch that has no commit yet is not listed: git does not either. */
function exists(ref: Ref): boolean {
  return ref.oid !== null
}

/** What is written short may be a branch or a tag. */
function refPrefixes(given: readonly string[], { heads = false, tags = false }: Flags): string[] {
  const spaces = [...(heads ? ['refs/heads/'] : []), ...(tags ? ['refs/tags/'] : [])]
  if (given.length === 0) return spaces
  return given.flatMap((prefix) => {
    const full = prefix.startsWith('refs/') || prefix === 'HEAD'
    if (!full) return (spaces.length > 0 ? spaces : ['refs/heads/', 'refs/tags/']).map((space) => space + prefix)
    return spaces.length === 0 || spaces.some((space) => prefix.startsWith(space)) ? [prefix] : []
  })
}

function lines({ name, oid, peeled }: Ref): string[] {
  return [`${oid}\t${name}`, ...(peeled === undefined ? [] : [`${peeled}\t${name}^{}`])]
}
