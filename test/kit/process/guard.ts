import { spawn } from 'node:child_process'

/**
 * Kills a process group when this process ends, in whatever way it ends. The guard waits on a pipe whose other end only
 * this process holds, so even SIGKILL, against which no exit hook helps, closes it.
 *
 * @param group id of the group: the pid of a child that was started detached
 * @returns ends the guard without killing
 */
export function guard(group: number): () => void {
  const watcher = spawn('/bin/sh', ['-c', `read -r answer || kill -KILL -${group}`], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A group of its own, so that Ctrl-C in a terminal does not end the guard before its work is done.
    detached: true,
  })
  // A guard that could not be started is one line of defence less, not a failed test.
  watcher.on('error', () => undefined)
  watcher.stdin.on('error', () => undefined)
  watcher.unref()
  const pipe = watcher.stdin as typeof watcher.stdin & { unref?: () => void }
  pipe.unref?.()
  return () => {
    watcher.stdin.end('done\n')
  }
}
