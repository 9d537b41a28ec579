import type { ByteReader } from '../format/byte-reader.ts'
import type { Redact } from '../format/side-band.ts'
import type { Limits } from './limits.ts'
import type { RequestBody } from './request-body.ts'

export type Service = 'git-upload-pack' | 'git-receive-pack'

/** One finished request, for progress, metrics and logs. Holds nothing secret. */
export interface RequestRecord {
  readonly method: 'GET' | 'POST'
  /** The path below the repository's URL. */
  readonly path: string
  readonly status: number
  readonly bytesSent: number
  readonly bytesReceived: number
  readonly milliseconds: number
}

export interface Traffic {
  readonly requests: number
  /** Body bytes. */
  readonly bytesSent: number
  /** Body bytes. */
  readonly bytesReceived: number
}

/**
 * One repository on a server, whatever carries the bytes. Each call is a question and its whole answer; nothing is
 * remembered between calls, so that a server behind a load balancer is no different from a connection that stays open.
 * Every call rejects with a GitError.
 */
export interface Remote {
  readonly url: string
  readonly limits: Limits
  readonly userAgent: string
  readonly traffic: Traffic
  /** Blots the credentials out of what the server says: it may send back what it was sent. */
  readonly redact: Redact
  /** Text from the server, safe to show: no credentials, no control characters. */
  printable(text: string): string
  /** What the server says of itself, protocol version 2 asked for (gitprotocol-http, "Discovering References"). */
  advertisement(service: Service): Promise<ByteReader>
  uploadPack(body: RequestBody): Promise<ByteReader>
  receivePack(body: RequestBody): Promise<ByteReader>
}
