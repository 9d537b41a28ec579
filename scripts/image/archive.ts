/**
 * Writes container images as files, without an engine: an OCI image layout that is a `docker save` archive as well, so
 * that `ctr images import`, `docker load`, `skopeo` and `crane` all take it. The same content gives the same bytes.
 *
 * Source: OCI image specification 1.1 (layout, manifest, config); docker image specification 1.2 (manifest.json).
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { pack } from 'tar-stream'

/** A file, link or folder of a layer. Folders above it need no entry of their own. */
export interface LayerEntry {
  /** Without a leading slash. */
  readonly path: string
  /** Default 0644 for files, 0755 for folders. */
  readonly mode?: number
  /** Default 0. */
  readonly uid?: number
  readonly gid?: number
  /** One of these; none: a folder. */
  readonly content?: string | Uint8Array
  readonly file?: string
  readonly link?: string
}

/** Of the OCI configuration, what a container is started with. */
export interface ContainerConfig {
  readonly Entrypoint?: readonly string[]
  readonly Cmd?: readonly string[]
  readonly Env?: readonly string[]
  readonly User?: string
  readonly WorkingDir?: string
  readonly StopSignal?: string
  readonly ExposedPorts?: Readonly<Record<string, object>>
  readonly Labels?: Readonly<Record<string, string>>
}

export interface ImageOptions {
  /** `host/path:tag`. */
  readonly name: string
  readonly layers: readonly (readonly LayerEntry[])[]
  readonly config: ContainerConfig
  /** As OCI names it; default that of this machine. */
  readonly architecture?: string
  /** Seconds since 1970 for every date in it; default 0. */
  readonly epoch?: number
  /** Of the manifest. */
  readonly annotations?: Readonly<Record<string, string>>
}

export interface WrittenImage {
  /** `sha256:…` of the manifest. */
  readonly digest: string
  /** Bytes that a pull takes: the compressed layers and the configuration. */
  readonly pullBytes: number
  /** Bytes of all files in it. */
  readonly unpackedBytes: number
}

interface Blob {
  readonly mediaType: string
  /** `sha256:…` */
  readonly digest: string
  readonly size: number
}

const OCI = 'application/vnd.oci.image'

const ociArchitecture = (arch: string = process.arch): string => (arch === 'x64' ? 'amd64' : arch)

/** Writes the image to `file`. */
export async function writeImage(file: string, options: ImageOptions): Promise<WrittenImage> {
  const { name, config, architecture = ociArchitecture(), epoch = 0, annotations } = options
  const scratch = await mkdtemp(join(tmpdir(), 'gitsync-image-'))
  try {
    const layers = []
    for (const [index, entries] of options.layers.entries()) {
      layers.push(await writeLayer(join(scratch, String(index)), entries, epoch))
    }
    const created = new Date(epoch * 1000).toISOString()
    const json = new Map<string, Buffer>()
    const keep = (mediaType: string, value: unknown): Blob => {
      const bytes = Buffer.from(JSON.stringify(value))
      const digest = sha256(bytes)
      json.set(digest, bytes)
      return { mediaType, digest, size: bytes.length }
    }
    const image = keep(`${OCI}.config.v1+json`, {
      created,
      architecture,
      os: 'linux',
      config,
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created, created_by: 'gitsync-operator scripts/image.ts' })),
    })
    const manifest = keep(`${OCI}.manifest.v1+json`, {
      schemaVersion: 2,
      mediaType: `${OCI}.manifest.v1+json`,
      config: image,
      layers: layers.map(({ blob }) => blob),
      ...(annotations === undefined ? {} : { annotations }),
    })
    const index = {
      schemaVersion: 2,
      mediaType: `${OCI}.index.v1+json`,
      manifests: [
        {
          ...manifest,
          platform: { os: 'linux', architecture },
          annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name },
        },
      ],
    }
    const saved = [{ Config: blobPath(image), RepoTags: [name], Layers: layers.map(({ blob }) => blobPath(blob)) }]
    await writeTar(
      file,
      [
        { path: 'oci-layout', content: JSON.stringify({ imageLayoutVersion: '1.0.0' }) },
        { path: 'index.json', content: JSON.stringify(index) },
        { path: 'manifest.json', content: JSON.stringify(saved) },
        ...[...json].map(([digest, content]) => ({ path: blobPath({ digest }), content })),
        ...layers.map((layer) => ({ path: blobPath(layer.blob), file: layer.file })),
      ],
      epoch,
    )
    return {
      digest: manifest.digest,
      pullBytes: [manifest, image, ...layers.map(({ blob }) => blob)].reduce((sum, { size }) => sum + size, 0),
      unpackedBytes: layers.reduce((sum, layer) => sum + layer.unpackedBytes, 0),
    }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobPath = ({ digest }: { readonly digest: string }): string => `blobs/${digest.replace(':', '/')}`

interface WrittenLayer {
  readonly file: string
  readonly blob: Blob
  /** Digest of the layer before it was compressed. */
  readonly diffId: string
  readonly unpackedBytes: number
}

async function writeLayer(file: string, entries: readonly LayerEntry[], epoch: number): Promise<WrittenLayer> {
  const plain = meter()
  const compressed = meter()
  // A header without a name or a date: the same bytes every time.
  await pipeline(
    tar(withFolders(entries), epoch),
    plain.through,
    createGzip({ level: 6 }),
    compressed.through,
    createWriteStream(file),
  )
  return {
    file,
    blob: { mediaType: `${OCI}.layer.v1.tar+gzip`, digest: compressed.digest(), size: compressed.size() },
    diffId: plain.digest(),
    unpackedBytes: plain.size(),
  }
}

function meter(): { through: Transform; digest(): string; size(): number } {
  const hash = createHash('sha256')
  let size = 0
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      size += chunk.length
      done(null, chunk)
    },
  })
  return { through, digest: () => `sha256:${hash.digest('hex')}`, size: () => size }
}

async function writeTar(file: string, entries: readonly LayerEntry[], epoch: number): Promise<void> {
  await pipeline(tar(entries, epoch), createWriteStream(file))
}

/** Entries in the order of their paths, and each folder above them once. */
function withFolders(entries: readonly LayerEntry[]): LayerEntry[] {
  const all = new Map<string, LayerEntry>()
  for (const { path } of entries) {
    const names = path.split('/')
    for (let depth = 1; depth < names.length; depth++) {
      const folder = names.slice(0, depth).join('/')
      all.set(folder, { path: folder })
    }
  }
  for (const entry of entries) all.set(entry.path, entry)
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

function tar(entries: readonly LayerEntry[], epoch: number): ReturnType<typeof pack> {
  const stream = pack()
  const write = async (): Promise<void> => {
    for (const { path, mode, uid = 0, gid = 0, content, file, link } of entries) {
      const header = { name: path, uid, gid, mtime: new Date(epoch * 1000) }
      if (link !== undefined) stream.entry({ ...header, type: 'symlink', linkname: link, mode: 0o777 })
      else if (file !== undefined) {
        const { size } = await stat(file)
        const entry = stream.entry({ ...header, size, mode: mode ?? 0o644 })
        await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), entry)
      } else if (content !== undefined) stream.entry({ ...header, mode: mode ?? 0o644 }, Buffer.from(content))
      else stream.entry({ ...header, type: 'directory', mode: mode ?? 0o755 })
    }
    stream.finalize()
  }
  write().catch((error: unknown) => {
    stream.destroy(error instanceof Error ? error : new Error(String(error)))
  })
  return stream
}
