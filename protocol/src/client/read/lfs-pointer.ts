const MAX_BYTES = 1024
const FIRST_LINE = 'version https://git-lfs.github.com/spec/v1\n'

/**
 * Whether a file's content stands for one that is kept outside the repository (Git LFS, "The Pointer").
 * @example
 * const { bytes } = await repo.file('main', 'logo.psd')
 * if (isLfsPointer(bytes)) console.warn('logo.psd is kept in Git LFS: this is its pointer')
 */
export function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.length >= MAX_BYTES) return false
  const text = Buffer.from(bytes).toString('utf8')
  return text.startsWith(FIRST_LINE) && /^oid sha256:[0-9a-f]{64}$/m.test(text) && /^size \d+$/m.test(text)
}
