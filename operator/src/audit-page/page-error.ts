/** Why a page is not shown, and the HTTP status that says so. */
export const PAGE_ERRORS = {
  BadRequest: 400,
  Unauthenticated: 401,
  UntrustedProxy: 403,
  CrossSite: 403,
  NotFound: 404,
  NotAllowed: 405,
  Throttled: 429,
  Unavailable: 503,
} as const
export type PageErrorCode = keyof typeof PAGE_ERRORS

/** What is shown in place of a page. Its message is for whoever asked: it says nothing of what they may not see. */
export class PageError extends Error {
  override readonly name = 'PageError'
  readonly code: PageErrorCode
  /** Seconds after which it may be tried again. */
  readonly retryAfter: number | undefined

  constructor(code: PageErrorCode, message: string, retryAfter?: number, cause?: unknown) {
    super(message, { cause })
    this.code = code
    this.retryAfter = retryAfter
  }

  /** Of HTTP. */
  get status(): number {
    return PAGE_ERRORS[this.code]
  }
}

/** The same for what does not exist and what somebody may not see. */
export const notFound = (): PageError => new PageError('NotFound', 'there is nothing here, or nothing that you may see')
