import { GitError } from '../../format/errors.ts'
import type { Redact } from '../../format/side-band.ts'

const STATUS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export function isRedirect(status: number): boolean {
  return STATUS.has(status)
}

/** An answer that leads elsewhere. */
export interface Redirection {
  /** Address of the repository that was asked. */
  readonly base: string
  /** What followed it in the address of the request: `/info/refs?service=git-upload-pack`. */
  readonly tail: string
  /** The header of that name. */
  readonly location: string | undefined
  readonly redact: Redact
}

/**
 * The repository's address after a redirect of its discovery. As git's `http.followRedirects=initial`: what follows the
 * address must be the same in the new one, since later requests are put together from it.
 * @throws GitError `Redirected` for what is not followed: from https to http, to something that is no HTTP, to another kind of page
 */
export function movedBase({ base, tail, location, redact }: Redirection): string {
  const target = location === undefined ? null : URL.parse(location, base + tail)
  if (target === null) throw refused(base, 'nowhere', 'the answer does not say where to')
  // Credentials in a redirect would be sent on behalf of whoever wrote it.
  target.username = ''
  target.password = ''
  target.hash = ''
  const shown = redact(`${target.origin}${target.pathname}`)
  // The next server would read what was meant for this one.
  if (redact(target.href) !== target.href) throw refused(base, shown, 'the address holds credentials')
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw refused(base, `${target.protocol}…`, 'that is neither https nor http')
  }
  if (base.startsWith('https:') && target.protocol === 'http:') {
    throw refused(base, shown, 'what is asked over https is not asked again over http')
  }
  if (!target.href.endsWith(tail)) {
    throw refused(
      base,
      shown,
      'that is no repository but perhaps a page to log in: check the address and the credentials',
    )
  }
  return target.href.slice(0, -tail.length).replace(/\/+$/, '')
}

/** @param to the address to use instead, where there is one */
export function refused(from: string, to: string, why: string): GitError {
  return new GitError('Redirected', `${from} leads to ${to}, which is not followed: ${why}`, { actual: to })
}
