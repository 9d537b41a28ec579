import { isGitError } from '../../format/errors.ts'
import { objectFormat } from '../../format/object-id.ts'
import type { Remote, Service } from '../remote/remote.ts'
import type { Session } from '../session.ts'
import { readAdvertisement } from './advertisement.ts'
import type { Advertised, Advertisement } from './advertisement.ts'

export type { Advertisement } from './advertisement.ts'

/**
 * Asks what the server can do. Not needed for the plain cases: reading and pushing work without it.
 * @throws GitError as every request; `Malformed`
 */
export async function discover(remote: Remote, service: Service = 'git-upload-pack'): Promise<Advertisement> {
  return (await ask(remote, service, false)).advertisement
}

/**
 * Asks `git-upload-pack` once per session, however many wait for it, and remembers the answer.
 * @throws GitError as {@link discover}
 */
export async function learn(session: Session): Promise<Advertisement> {
  if (session.learned.advertisement !== undefined) return session.learned.advertisement
  return remember(session, await together(session, 'discovery', 'git-upload-pack'))
}

/**
 * One look for all who wait for it; a failure is not remembered. Whoever began it may give up for a reason of their own:
 * then somebody else looks.
 * @throws GitError as {@link discover}
 */
export async function together(
  { learned, remote }: Session,
  look: 'discovery' | 'receivePack',
  service: Service,
): Promise<Advertisement> {
  for (;;) {
    const begun = learned[look]
    const asked = begun ?? discover(remote, service)
    learned[look] = asked
    try {
      return await asked
    } catch (error) {
      if (learned[look] === asked) learned[look] = undefined
      if (begun === undefined || !isGivenUp(error)) throw error
    }
  }
}

function isGivenUp(error: unknown): boolean {
  return isGitError(error, 'Aborted') || (isGitError(error, 'Timeout') && error.details.limit === 'signal')
}

/**
 * Asks again, for the refs: before version 2 the advertisement is the listing of them. None from a server with version 2.
 * @throws GitError as {@link discover}; `LimitExceeded` for more than `maxRefs`
 */
export async function discoverRefs(session: Session): Promise<Advertised> {
  const found = await ask(session.remote, 'git-upload-pack', true)
  remember(session, found.advertisement)
  return found
}

export function remember(session: Session, advertisement: Advertisement): Advertisement {
  session.learned.advertisement = advertisement
  const format = objectFormat(advertisement.capabilities.get('object-format') ?? '')
  if (format !== undefined) session.learn(format)
  return advertisement
}

async function ask(remote: Remote, service: Service, wantRefs: boolean): Promise<Advertised> {
  const input = await remote.advertisement(service)
  try {
    return await readAdvertisement(remote, input, wantRefs)
  } finally {
    await input.close()
  }
}
