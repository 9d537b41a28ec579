import type { ObjectFormat } from '../../format/object-id.ts'
import { signatureLines } from './signer.ts'
import type { Signer } from './signer.ts'

/**
 * A commit with its signature as the last header, the lines after the first indented (gitformat-signature, "Commit
 * signatures").
 * @throws GitError `InvalidInput`; whatever the signer throws
 */
export async function signCommit(commit: Buffer, signer: Signer, format: ObjectFormat): Promise<Buffer> {
  const lines = await signatureLines(signer, commit)
  const header = format.name === 'sha1' ? 'gpgsig' : 'gpgsig-sha256'
  const end = commit.indexOf('\n\n') + 1
  return Buffer.concat([commit.subarray(0, end), Buffer.from(`${header} ${lines.join('\n ')}\n`), commit.subarray(end)])
}

/**
 * An annotated tag with its signature behind the message (gitformat-signature, "Tag signatures").
 * @throws GitError `InvalidInput`; whatever the signer throws
 */
export async function signTag(tag: Buffer, signer: Signer): Promise<Buffer> {
  const lines = await signatureLines(signer, tag)
  return Buffer.concat([tag, Buffer.from(`${lines.join('\n')}\n`)])
}
