import type { Repository } from '../../client/repository.ts'
import type { Advertisement } from '../../client/wire/discovery.ts'
import { isGitError } from '../../format/errors.ts'
import type { Io } from '../io.ts'
import { addConnectionOptions, ADDRESS } from '../connection-flags.ts'
import type { ConnectionFlags } from '../connection-flags.ts'
import { writeJson, writeLines } from '../output.ts'
import type { Verb } from '../verb.ts'
import { withRepository } from '../with-repository.ts'

interface Findings {
  /** 0, 1 or 2; null when the server did not say. */
  readonly protocol: number | null
  readonly capabilities: Readonly<Record<string, string>>
  readonly readable: boolean
  readonly writable: boolean
}

export const check: Verb = {
  name: 'check',
  examples: ['gitsync check https://git.example.com/team/site.git'],
  define(command, io) {
    addConnectionOptions(command)
      .description('Tell what the server speaks, and whether these credentials may read and write')
      .argument('<url>', ADDRESS)
      .option('--json', 'print {protocol, capabilities, readable, writable}')
      .action(async (url: string, flags: ConnectionFlags & { json?: boolean }) => {
        await withRepository(url, flags, io, async (repo) => {
          let advertisement: Advertisement
          try {
            advertisement = await repo.capabilities()
          } catch (error) {
            if (isGitError(error)) await print(io, flags, nothing(await canWrite(repo).catch(() => false)))
            throw error
          }
          await print(io, flags, {
            protocol: advertisement.version,
            capabilities: Object.fromEntries(advertisement.capabilities),
            readable: true,
            writable: await canWrite(repo),
          })
        })
      })
  },
}

const nothing = (writable: boolean): Findings => ({ protocol: null, capabilities: {}, readable: false, writable })

async function canWrite(repo: Repository): Promise<boolean> {
  try {
    return await repo.writable()
  } catch (error) {
    if (isGitError(error, 'RepositoryNotFound')) return false
    throw error
  }
}

async function print(io: Io, flags: { readonly json?: boolean }, findings: Findings): Promise<void> {
  if (flags.json === true) {
    await writeJson(io, findings)
    return
  }
  await writeLines(io, [
    `protocol: ${findings.protocol ?? 'unknown'}`,
    `readable: ${findings.readable ? 'yes' : 'no'}`,
    `writable: ${findings.writable ? 'yes' : 'no'}`,
    ...Object.entries(findings.capabilities).map(
      ([name, value]) => `capability: ${value === '' ? name : `${name}=${value}`}`,
    ),
  ])
}
