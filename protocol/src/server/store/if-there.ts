/** For `catch`: what is not there is undefined, everything else is thrown. */
export function ifThere(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw error
}
