import { DELIMITER, FLUSH, packetLine } from '../../format/packet-line.ts'
import type { ObjectFormat } from '../../format/object-id.ts'
import type { Command, UploadPackRequest } from '../remote/remote.ts'

/**
 * A version 2 command (gitprotocol-v2, "Command Request"). The hash function is named only where it isn't the default,
 * since a server that does not know the capability refuses it.
 */
export function command(format: ObjectFormat, operation: Command, args: readonly string[]): UploadPackRequest {
  const body = [
    packetLine(`command=${operation}\n`),
    ...(format.name === 'sha1' ? [] : [packetLine(`object-format=${format.name}\n`)]),
    DELIMITER,
    ...args.map((arg) => packetLine(`${arg}\n`)),
    FLUSH,
  ]
  return { operation, version: 2, body }
}
