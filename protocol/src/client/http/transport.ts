import type { RequestBody } from '../remote/request-body.ts'

/** The seam to the network. One request in, one response out; no retries, no redirects, no interpretation. */
export interface TransportRequest {
  readonly method: 'GET' | 'POST'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** The repository's own address led here, to another origin: nothing may be shown that tells who asks. */
  readonly isForeign?: boolean
  /** Ends the request at any point, the body included. */
  readonly signal?: AbortSignal
}

export interface TransportResponse {
  readonly status: number
  /** Names in lower case; without `content-encoding` where the body has been decoded. */
  readonly headers: Readonly<Record<string, string>>
  /** Must be read to its end, or closed by ending the iteration. */
  readonly body: AsyncIterable<Uint8Array>
}

/** Rejects with GitError `Network`, `Timeout` or `Aborted` when there is no response; so does its body when it is cut. */
export interface Transport {
  (request: TransportRequest): Promise<TransportResponse>
  /** Ends its connections, and the requests on them; another request opens others. Absent where it keeps none. */
  readonly close?: () => Promise<void>
}
