import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3'
import type { RandomAccess } from '../../pack/random-access.ts'
import { uploadInParts } from './multipart.ts'

/** Where a bucket is. Credentials are those that AWS' own tools would find: of the environment, a profile, a pod's or a machine's role. */
export interface S3Location {
  readonly bucket: string
  /** URL of an S3 server. Default: that of AWS for the region. */
  readonly endpoint?: string
  /** Default: that of the environment or the profile; with an endpoint `us-east-1`. */
  readonly region?: string
  /** What all keys begin with, as in `git/`. Default: nothing. */
  readonly prefix?: string
  /** Whether the bucket stands in the path rather than in the host's name. Default: with an endpoint. */
  readonly pathStyle?: boolean
}

/** On what a value may be written: that there is none, or that it is the one of this ETag. */
export type Condition = { readonly isNew: true } | { readonly etag: string }

/** Milliseconds until a connection is there. */
const CONNECT_MS = 5_000
/** Milliseconds without a byte in either direction. */
const IDLE_MS = 30_000
/** What is larger is uploaded in parts. */
const AT_ONCE = 16 << 20
const UNCHANGED = 304
const PRECONDITION_FAILED = 412
/** Somebody writes it at the same time. */
const CONFLICT = 409

/**
 * Keys and values of a bucket. Nothing is listed. What failed on the way is tried again by the library:
 * all that is asked for here may be asked for twice.
 */
export class Bucket {
  readonly #client: S3Client
  readonly #name: string
  readonly #prefix: string

  constructor({ bucket, endpoint, region, prefix = '', pathStyle = endpoint !== undefined }: S3Location) {
    this.#name = bucket
    this.#prefix = prefix
    this.#client = new S3Client({
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined && endpoint === undefined ? {} : { region: region ?? 'us-east-1' }),
      forcePathStyle: pathStyle,
      // The trailers that newer checksums come in make some servers store empty objects.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: IDLE_MS },
    })
  }

  close(): void {
    this.#client.destroy()
  }

  /** @param known an ETag: its value is not sent again. @returns undefined where there is nothing */
  async get(
    key: string,
    known?: string,
  ): Promise<{ readonly text: string; readonly etag: string } | 'same' | undefined> {
    try {
      const { Body, ETag } = await this.#client.send(
        new GetObjectCommand({ ...this.#at(key), ...(known === undefined ? {} : { IfNoneMatch: known }) }),
      )
      if (Body === undefined || ETag === undefined) throw new TypeError('the answer has no body or no ETag')
      return { text: await Body.transformToString(), etag: ETag }
    } catch (error) {
      if (statusOf(error) === UNCHANGED) return 'same'
      if (isNoSuchKey(error)) return undefined
      throw this.#told('GET', key, error)
    }
  }

  /** A large value, piece by piece. Undefined where there is nothing. */
  async download(key: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    try {
      const { Body } = await this.#client.send(new GetObjectCommand(this.#at(key)))
      return Body as unknown as AsyncIterable<Uint8Array>
    } catch (error) {
      if (isNoSuchKey(error)) return undefined
      throw this.#told('GET', key, error)
    }
  }

  /** @returns the new ETag; undefined where the condition does not hold */
  async put(key: string, value: string | Buffer, condition: Condition): Promise<string | undefined> {
    const only = 'etag' in condition ? { IfMatch: condition.etag } : { IfNoneMatch: '*' }
    try {
      const { ETag } = await this.#client.send(
        new PutObjectCommand({ ...this.#at(key), Body: Buffer.from(value), ...only }),
      )
      if (ETag === undefined) throw new TypeError('the answer has no ETag')
      return ETag
    } catch (error) {
      if (isRefused(error)) return undefined
      throw this.#told('PUT', key, error)
    }
  }

  /** Writes what never changes, of any size. Where it is there already it stays. */
  async keep(key: string, value: RandomAccess): Promise<void> {
    if (value.size <= AT_ONCE) {
      const written = await this.put(key, await value.read(0, value.size), { isNew: true })
      if (written === undefined) await this.#checkSize(key, value.size)
      return
    }
    try {
      await uploadInParts(this.#client, this.#at(key), value)
    } catch (error) {
      // It was there, or the answer to what completed it was lost.
      if (!isRefused(error) && nameOf(error) !== 'NoSuchUpload') throw this.#told('PUT', key, error)
      await this.#checkSize(key, value.size)
    }
  }

  /** Takes a value away that nobody needs. Where there is none nothing happens. */
  async remove(key: string): Promise<void> {
    await this.#client.send(new DeleteObjectCommand(this.#at(key))).catch((error: unknown) => {
      if (!isNoSuchKey(error)) throw this.#told('DELETE', key, error)
    })
  }

  /** @throws Error where it is not there with that size */
  async #checkSize(key: string, size: number): Promise<void> {
    const there = await this.#client.send(new HeadObjectCommand(this.#at(key))).catch((error: unknown) => {
      throw this.#told('HEAD', key, error)
    })
    if (there.ContentLength !== size)
      throw new Error(`${this.#url(key)} has ${there.ContentLength} bytes, and ${size} were to be written there`)
  }

  #at(key: string): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#name, Key: this.#prefix + key }
  }

  #url(key: string): string {
    return `s3://${this.#name}/${this.#prefix}${key}`
  }

  #told(method: string, key: string, error: unknown): Error {
    return new Error(
      `${method} ${this.#url(key)}: ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
      {
        cause: error,
      },
    )
  }
}

const statusOf = (error: unknown): number | undefined =>
  (error as { readonly $metadata?: { readonly httpStatusCode?: number } } | undefined)?.$metadata?.httpStatusCode

const nameOf = (error: unknown): string | undefined => (error as Error | undefined)?.name

/** By name: servers say 404 of much else, of a key that they do not know for one. */
const isNoSuchKey = (error: unknown): boolean => nameOf(error) === 'NoSuchKey'

/** Another value is there, or none where one should be. */
const isRefused = (error: unknown): boolean =>
  [PRECONDITION_FAILED, CONFLICT].includes(statusOf(error) ?? 0) || isNoSuchKey(error)
