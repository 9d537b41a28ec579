/** Folders that refs are in, with how many are below each: none of them may be a ref. */
export class RefFolders {
  readonly #below = new Map<string, number>()

  constructor(names: Iterable<string>) {
    for (const name of names) this.count(name, 1)
  }

  /** A ref comes, or goes. */
  count(name: string, by: 1 | -1): void {
    for (const folder of foldersOf(name)) this.#below.set(folder, (this.#below.get(folder) ?? 0) + by)
  }

  has(name: string): boolean {
    return (this.#below.get(name) ?? 0) > 0
  }
}

/** `refs/heads/a/b` is in `refs/heads` and `refs/heads/a`. */
export function* foldersOf(name: string): Generator<string> {
  for (let slash = name.indexOf('/', 'refs/'.length); slash > 0; slash = name.indexOf('/', slash + 1))
    yield name.slice(0, slash)
}
