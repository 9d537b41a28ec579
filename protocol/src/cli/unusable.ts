import { GitError, isGitError } from '../format/errors.ts'

const ADDRESS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has this address: choose another port, or end that process',
  EADDRNOTAVAIL: 'this machine does not have this address: name one that it has, or 0.0.0.0 for all',
  EACCES: 'this user may not listen there: choose a port above 1023',
  ENOTFOUND: 'the host does not resolve: name an address of this machine, or 0.0.0.0 for all',
}

const FOLDER: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there: choose another folder, or let this user write to it',
  EROFS: 'it is on a disk that is read-only: choose another folder',
  ENOTDIR: 'a file is in the way: choose another folder',
  EEXIST: 'a file is in the way: choose another folder',
}

const PROBLEMS = { '--http': ADDRESS, '--data': FOLDER }

/**
 * What the system gives for the value of a flag.
 * @throws GitError `InvalidInput` naming flag and value, and what to do, where the system refuses
 */
export async function orUnusable<T>(flag: keyof typeof PROBLEMS, value: string, given: Promise<T>): Promise<T> {
  try {
    return await given
  } catch (error) {
    const { code = '' } = error as Partial<NodeJS.ErrnoException>
    const problem = PROBLEMS[flag][code]
    if (isGitError(error) || problem === undefined) throw error
    throw new GitError('InvalidInput', `${flag} ${value}: ${problem} (${code})`, { field: flag, cause: error })
  }
}
