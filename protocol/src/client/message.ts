import { GitError } from '../format/errors.ts'

/** Git has no limit; what is larger than this is no message but a mistake. */
export const MAX_MESSAGE_BYTES = 1 << 20

/** @throws GitError `InvalidInput` for a message that Git could not keep, or that nobody would want it to */
export function checkMessage(message: string): void {
  const problem =
    Buffer.byteLength(message) > MAX_MESSAGE_BYTES
      ? `have more than ${MAX_MESSAGE_BYTES} bytes`
      : message.trim() === ''
        ? 'be empty'
        : message.includes('\0')
          ? 'hold NUL'
          : undefined
  if (problem !== undefined) throw new GitError('InvalidInput', `a message must not ${problem}`, { field: 'message' })
}
