import type { Ref } from '../../client/wire/ls-refs.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { writeJson, writeLines } from '../output.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags {
  readonly heads?: boolean
  readonly tags?: boolean
  readonly json?: boolean
}

export const lsRemote: Verb = {
  name: 'ls-remote',
  examples: [
    'gitsync ls-remote https://git.example.com/team/site.git',
    'gitsync ls-remote --heads https://git.example.com/team/site.git team-',
  ],
  define(command, io) {
    addConnectionOptions(command)
      .description('List refs, as git ls-remote prints them')
      .argument('<url>', ADDRESS)
      .argument('[prefix...]', 'only refs that begin so: refs/heads/team-, or short: team-')
      .option('--heads', 'only branches')
      .option('--tags', 'only tags')
      .option('--json', 'print [{name, oid, peeled?, symref?}]')
      .action(async (url: string, prefixes: string[], flags: Flags) => {
        const prefix = refPrefixes(prefixes, flags)
        const nothing = prefixes.length > 0 && prefix.length === 0
        const listed = nothing ? [] : await withRepository(url, flags, io, (repo) => repo.refs({ prefix }))
        const refs = listed.filter(exists)
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
