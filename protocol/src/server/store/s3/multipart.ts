import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { S3Client } from '@aws-sdk/client-s3'
import type { RandomAccess } from '../../pack/random-access.ts'

/** Bytes of a part, of which two are held. All but the last have the same size: some servers ask for that. */
const PART = 16 << 20
const AT_ONCE = 2
const MAX_PARTS = 10_000

interface Target {
  readonly Bucket: string
  readonly Key: string
}

/** Writes a large value where there is none, part by part. What fails leaves nothing behind that anybody sees, nor that is paid for. */
export async function uploadInParts(client: S3Client, target: Target, value: RandomAccess): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target))
  try {
    const Parts = await uploadParts(client, { ...target, UploadId }, value)
    await client.send(
      new CompleteMultipartUploadCommand({ ...target, UploadId, MultipartUpload: { Parts }, IfNoneMatch: '*' }),
    )
  } catch (error) {
    // The bucket's own rule for uploads that were given up takes away what stays where this fails, too.
    await client.send(new AbortMultipartUploadCommand({ ...target, UploadId })).catch(() => undefined)
    throw error
  }
}

async function uploadParts(
  client: S3Client,
  upload: Target & { readonly UploadId: string | undefined },
  value: RandomAccess,
): Promise<{ readonly PartNumber: number; readonly ETag: string | undefined }[]> {
  const size = Math.max(PART, Math.ceil(value.size / MAX_PARTS))
  const count = Math.ceil(value.size / size)
  const parts: { PartNumber: number; ETag: string | undefined }[] = []
  let next = 0
  let isFailed = false
  const work = async (): Promise<void> => {
    while (next < count && !isFailed) {
      const part = next++
      try {
        const Body = await value.read(part * size, Math.min(size, value.size - part * size))
        const { ETag } = await client.send(new UploadPartCommand({ ...upload, PartNumber: part + 1, Body }))
        parts[part] = { PartNumber: part + 1, ETag }
      } catch (error) {
        isFailed = true
        throw error
      }
    }
  }
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, work))
  for (const one of ended) if (one.status === 'rejected') throw one.reason
  return parts
}
