import { startGitea } from '../gitea/index.ts'
import type { Gitea } from '../gitea/index.ts'
import type { ForgeHost } from './index.ts'

export interface GiteaForge extends ForgeHost {
  readonly gitea: Gitea
  /** Adds a file to a branch, which is made from `main` when it is new. */
  commit(branch: string, path: string, content?: string): Promise<void>
  stop(): Promise<void>
}

/** A real Gitea with one repository, whose owner is the administrator. */
export async function startGiteaForge(name = 'audit'): Promise<GiteaForge> {
  const gitea = await startGitea()
  const repository = await gitea.createRepository(name, { private: true, autoInit: true })
  const path = `/repos/${gitea.user}/${name}`
  const pull = (number: number): Promise<any> => gitea.api('GET', `${path}/pulls/${number}`)
  const branches = new Set(['main'])
  return {
    type: 'Gitea',
    gitea,
    repository,
    token: gitea.token,
    async commit(branch, file, content = `${file}\n`) {
      const isNew = !branches.has(branch)
      branches.add(branch)
      await gitea.api('POST', `${path}/contents/${file}`, {
        content: Buffer.from(content).toString('base64'),
        ...(isNew ? { branch: 'main', new_branch: branch } : { branch }),
      })
    },
    async open(head, base, title) {
      return ((await gitea.api('POST', `${path}/pulls`, { head, base, title })) as { number: number }).number
    },
    async close(number) {
      await gitea.api('PATCH', `${path}/pulls/${number}`, { state: 'closed' })
    },
    async merge(number) {
      // Whether it can be merged is found out behind the scenes, and until then the answer is "try again".
      for (let tries = 0; ; tries++) {
        try {
          await gitea.api('POST', `${path}/pulls/${number}/merge`, { Do: 'merge' })
          return
        } catch (error) {
          if (tries === 100) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
    },
    async labelsOf(number) {
      return (await pull(number)).labels.map(({ name }: { name: string }) => name)
    },
    async addLabel(number, label) {
      const { id } = (await gitea.api('POST', `${path}/labels`, { name: label, color: '#00aabb' })) as { id: number }
      await gitea.api('POST', `${path}/issues/${number}/labels`, { labels: [id] })
    },
    async reviewersOf(number) {
      return ((await pull(number)).requested_reviewers ?? []).map(({ login }: { login: string }) => login)
    },
    stop: () => gitea.stop(),
  }
}
