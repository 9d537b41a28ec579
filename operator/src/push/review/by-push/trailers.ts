/** Whose request a commit is: of which cluster, and by which name. */
export const OWNER = 'Gitsync-Request'

/** @param cluster uid of the namespace kube-system. @param head short name */
export const ownerOf = (cluster: string, head: string): string => `${cluster} ${head}`

/** Lines of the last paragraph of a message, where all of them are trailers. */
export function trailersIn(message: string): string[] {
  const paragraphs = message.trimEnd().split(/\n\s*\n/)
  const lines = paragraphs.length < 2 ? [] : (paragraphs.at(-1)?.split('\n') ?? [])
  return lines.every((line) => /^[A-Za-z0-9-]+: \S/.test(line)) ? lines : []
}

/** The last trailer of a name. */
export const trailerOf = (message: string, name: string): string | undefined =>
  trailersIn(message)
    .findLast((line) => line.startsWith(`${name}: `))
    ?.slice(name.length + 2)

/** Of one message, at most. */
const MAX_KEPT = 200

/**
 * What several commits say, for one commit that stands for all: each line once, where it was said last. A version goes with
 * the line that it is about.
 */
export function joinTrailers(messages: readonly string[], without: readonly string[]): string[] {
  const said = new Map<string, string[]>()
  for (const message of messages) {
    let about: string[] = []
    for (const line of trailersIn(message)) {
      if (without.some((name) => line.startsWith(`${name}: `))) continue
      if (line.startsWith('Resource-version: ') && about.length > 0) {
        about.push(line)
        continue
      }
      about = [line]
      said.delete(line)
      said.set(line, about)
    }
  }
  return [...said.values()].flat().slice(-MAX_KEPT)
}
