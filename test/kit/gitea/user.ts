import { readFileSync } from 'node:fs'
import { userInfo } from 'node:os'

export interface ServiceUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
  /** Whether it is another user than the one that this process runs as. */
  readonly switches: boolean
}

/** Who Gitea runs as: the user of this process, or `nobody` for root, whom it refuses. */
export function serviceUser(): ServiceUser {
  const { username, uid, gid } = userInfo()
  if (uid !== 0) return { name: username, uid, gid, switches: false }
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const [name, , user, group] = line?.split(':') ?? []
  if (name === undefined || user === undefined || group === undefined) {
    throw new Error('Gitea refuses to run as root and there is no user nobody: run the tests as an ordinary user')
  }
  return { name, uid: Number(user), gid: Number(group), switches: true }
}
