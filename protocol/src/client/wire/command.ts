import { DELIMITER, FLUSH, packetLine } from '../../format/packet-line.ts'
import type { ObjectFormat } from '../../format/object-id.ts'

/**
 * A version 2 command (gitprotocol-v2, "Command Request"). The hash function is named only where it isn't the default,
 * since a server that does not know the capability refuses it.
 */
export function command(
  format: ObjectFormat,
  name: 'ls-refs' | 'fetch' | 'object-info',
  args: readonly string[],
): Buffer[] {
  return [
    packetLine(`command=${name}\n`),
    ...(format.name === 'sha1' ? [] : [packetLine(`object-format=${format.name}\n`)]),
    DELIMITER,
    ...args.map((arg) => packetLine(`${arg}\n`)),
    FLUSH,
  ]
}
