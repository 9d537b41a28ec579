import { GitError } from '../format/errors.ts'

/** @throws GitError `InvalidInput` for a message that Git could not keep */
export function checkMessage(message: string): void {
  const problem = message.trim() === '' ? 'be empty' : message.includes('\0') ? 'hold NUL' : undefined
  if (problem !== undefined) throw new GitError('InvalidInput', `a message must not ${problem}`, { field: 'message' })
}
