import { fullTagName } from '../../client/ref-name.ts'
import type { CreateTagOptions } from '../../client/refs/tag.ts'
import { GitError } from '../../format/errors.ts'
import { tagger } from '../identity.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { printRef } from '../ref-change.ts'
import { addSigningOptions, signerOf } from '../signing.ts'
import type { SigningFlags } from '../signing.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Flags extends ConnectionFlags, SigningFlags {
  readonly message?: string
  readonly tagger?: string
  readonly delete?: boolean
  readonly force?: boolean
  readonly json?: boolean
}

export const tag: Verb = {
  name: 'tag',
  examples: [
    "gitsync tag https://git.example.com/team/site.git v1.0 main -m 'First release'",
    'gitsync tag -d https://git.example.com/team/site.git v1.0',
  ],
  define(command, io) {
    addSigningOptions(addConnectionOptions(command))
      .description('Create a tag, or delete one')
      .argument('<url>', ADDRESS)
      .argument('<name>', 'tag')
      .argument('[rev]', 'branch, tag or object that is tagged (default: HEAD)')
      .option('-m, --message <text>', 'make an annotated tag with this message')
      .option('--tagger <person>', '"Name <mail>" (default: GIT_COMMITTER_NAME and …_EMAIL, else GIT_AUTHOR_…)')
      .option('-d, --delete', 'delete the tag')
      .option('-f, --force', 'a tag that exists moves')
      .option('--json', 'print {ref, old, new}')
      .action(async (url: string, name: string, rev: string | undefined, flags: Flags) => {
        if (flags.delete === true && rev !== undefined) {
          throw new GitError('InvalidInput', `-d takes a tag only, not ${JSON.stringify(rev)}`, { field: 'rev' })
        }
        const options = flags.delete === true ? {} : await tagOptions(flags, io)
        const result = await withRepository(url, flags, io, (repo) =>
          flags.delete === true ? repo.deleteRef(fullTagName(name)) : repo.createTag(name, rev ?? 'HEAD', options),
        )
        await printRef(io, result, flags.json ?? false)
      })
  },
}

async function tagOptions(flags: Flags, io: Io): Promise<CreateTagOptions> {
  const { message, force = false } = flags
  const sign = await signerOf(flags)
  if (message !== undefined) return { force, message, tagger: tagger(flags.tagger, io), ...(sign ? { sign } : {}) }
  if (sign === undefined) return { force }
  throw new GitError('InvalidInput', '--sign needs -m: only an annotated tag can be signed', { field: '--sign' })
}
