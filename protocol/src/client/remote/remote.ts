import type { ByteReader } from '../../format/byte-reader.ts'
import type { GitErrorCode } from '../../format/errors.ts'
import type { Redact } from '../../format/side-band.ts'
import type { Limits } from '../limits.ts'
import type { RequestBody } from './request-body.ts'

export type Service = 'git-upload-pack' | 'git-receive-pack'

/** What a request is for. */
export type Operation = 'discover' | Command | 'push'

/** What `git-upload-pack` is asked for: commands of version 2 (gitprotocol-v2), of which versions before know `fetch` alone. */
export type Command = 'ls-refs' | 'fetch' | 'object-info'

/** One question to `git-upload-pack`. */
export interface UploadPackRequest {
  readonly operation: Command
  /** Of the protocol that the body is written in: 2 for a command, 0 for anything before. */
  readonly version: 0 | 2
  readonly body: RequestBody
}

/** One finished request, for progress, metrics and logs. Holds nothing secret. Redirects and repeated tries have their own. */
export interface RequestRecord {
  readonly operation: Operation
  readonly method: 'GET' | 'POST'
  /** The whole address, credentials blotted out. */
  readonly url: string
  /** The path below the repository's URL. */
  readonly path: string
  /** 1, or more when tries before it failed in a way that may pass. */
  readonly attempt: number
  /** Whether credentials were sent. */
  readonly authenticated: boolean
  /** Of HTTP; 0 when there was no answer, and over SSH, which has none. */
  readonly status: number
  /** Absent over HTTP. */
  readonly transport?: 'ssh'
  /** Over SSH: the exit status of the command on the other side, where it was waited for and told. */
  readonly exitCode?: number
  /** Why there was no answer, or not all of it. */
  readonly error?: GitErrorCode
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

/** Gets what a server from before version 2 has sent unasked: its advertisement, to be read before it returns. */
export type OnOlder = (advertisement: ByteReader) => Promise<void>

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
  /** @param onOlder called where the server speaks first and knows no commands, before the rejection with `Unsupported` */
  uploadPack(request: UploadPackRequest, onOlder?: OnOlder): Promise<ByteReader>
  receivePack(body: RequestBody): Promise<ByteReader>
  /** The same repository over the same connections and credentials, whose requests this signal ends as well. */
  with(signal: AbortSignal): Remote
  /** Ends connections that nobody else uses, where there are such. */
  close?(): Promise<void>
}
