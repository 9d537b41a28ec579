import { nameProblem } from '../../format/entry-name.ts'

/** Names that Windows opens as devices, with whatever extension. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)[ ]*(?:[.:].*)?$/i

/**
 * Why a path that a server names must not be written below a folder; undefined when it may.
 * @param rawPath as raw names with slashes between them
 */
export function pathProblem(rawPath: string, platform: NodeJS.Platform): string | undefined {
  for (const name of rawPath.split('/')) {
    const problem = nameProblem(name)
    if (problem !== undefined) return problem
    if (platform !== 'win32') continue
    if (name.includes('\\') || name.includes(':')) return 'has a part with "\\" or ":", which lead elsewhere on Windows'
    if (/[. ]$/.test(name)) return 'has a part that ends in a dot or a space, which Windows drops'
    if (DEVICE.test(name)) return 'has a part that Windows takes for a device'
  }
  return undefined
}
