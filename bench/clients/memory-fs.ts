/** As much of `node:fs/promises` in memory as isomorphic-git asks for. */
interface Entry {
  readonly type: 'file' | 'dir' | 'symlink'
  readonly mode: number
  bytes: Uint8Array
  readonly ino: number
  mtimeMs: number
}

export function memoryFs(): { readonly promises: Readonly<Record<string, unknown>> } {
  const entries = new Map<string, Entry>()
  const children = new Map<string, Set<string>>()
  let ino = 0
  const clean = (path: string): string => path.replace(/\/+$/, '').replace(/\/\.(?=\/|$)/g, '') || '/'
  const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/'
  const fail = (code: string, path: string): never => {
    throw Object.assign(new Error(`${code}: ${path}`), { code })
  }
  const get = (path: string): Entry => entries.get(clean(path)) ?? fail('ENOENT', path)
  const add = (path: string, type: Entry['type'], mode: number, bytes: Uint8Array): void => {
    const parent = parentOf(path)
    const siblings = children.get(parent) ?? fail('ENOENT', parent)
    siblings.add(path.slice(path.lastIndexOf('/') + 1))
    entries.set(path, { type, mode, bytes, ino: ++ino, mtimeMs: Date.now() })
    if (type === 'dir') children.set(path, new Set())
  }
  const remove = (path: string): void => {
    get(path)
    entries.delete(clean(path))
    children.delete(clean(path))
    children.get(parentOf(clean(path)))?.delete(clean(path).split('/').at(-1) ?? '')
  }
  entries.set('/', { type: 'dir', mode: 0o40755, bytes: Buffer.alloc(0), ino: 0, mtimeMs: 0 })
  children.set('/', new Set())

  const stat = (path: string): object => {
    const { type, mode, bytes, ino: number, mtimeMs } = get(path)
    return {
      type,
      mode,
      size: bytes.length,
      ino: number,
      mtimeMs,
      ctimeMs: mtimeMs,
      dev: 1,
      uid: 1,
      gid: 1,
      isFile: () => type === 'file',
      isDirectory: () => type === 'dir',
      isSymbolicLink: () => type === 'symlink',
    }
  }
  const later =
    <A extends unknown[], T>(work: (...args: A) => T) =>
    async (...args: A): Promise<Awaited<T>> =>
      await work(...args)
  return {
    promises: {
      readFile: later((path: string, options?: string | { encoding?: string }) => {
        const { bytes, type } = get(path)
        if (type === 'dir') fail('EISDIR', path)
        const encoding = typeof options === 'string' ? options : options?.encoding
        return encoding === undefined ? bytes : Buffer.from(bytes).toString('utf8')
      }),
      writeFile: later((path: string, content: string | Uint8Array) => {
        const existing = entries.get(clean(path))
        const bytes = typeof content === 'string' ? Buffer.from(content) : content
        if (existing === undefined) add(clean(path), 'file', 0o100644, bytes)
        else Object.assign(existing, { bytes, mtimeMs: Date.now() })
      }),
      mkdir: later((path: string) => {
        if (entries.has(clean(path))) fail('EEXIST', path)
        add(clean(path), 'dir', 0o40755, Buffer.alloc(0))
      }),
      readdir: later((path: string) => [
        ...(children.get(clean(path)) ?? fail(entries.has(clean(path)) ? 'ENOTDIR' : 'ENOENT', path)),
      ]),
      rmdir: later(remove),
      unlink: later(remove),
      stat: later(stat),
      lstat: later(stat),
      readlink: later((path: string) => Buffer.from(get(path).bytes).toString('utf8')),
      symlink: later((target: string, path: string) => add(clean(path), 'symlink', 0o120000, Buffer.from(target))),
      chmod: later(() => undefined),
    },
  }
}
