import { text as readAll } from 'node:stream/consumers'
import { readInputFile } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'
import { parseAllDocuments } from 'yaml'
import { GITSYNCS } from '../../controllers/known-resources.ts'
import { isKubeError } from '../../kube/errors.ts'
import { apiVersionOf } from '../../kube/resource.ts'
import type { KubernetesObject } from '../../objects/object.ts'
import type { Cluster } from '../common/cluster.ts'
import { CommandFailure } from '../common/command-failure.ts'

/**
 * The GitSync of a manifest that may not be applied yet; where one of its name is there, with that one's uid and
 * annotations, by which a folder is known.
 * @param file `-` for standard input
 * @throws CommandFailure naming the file
 */
export async function readManifest(file: string, cluster: Cluster, io: Io): Promise<KubernetesObject> {
  const content = file === '-' ? await readAll(io.stdin) : (await readInputFile('--filename', file)).toString()
  const documents = parseAllDocuments(content)
  const broken = 'empty' in documents ? undefined : documents.find(({ errors }) => errors.length > 0)
  if (broken !== undefined) refuse(file, `is not YAML: ${broken.errors[0]?.message.split('\n')[0]}`)
  const objects = [...documents].map((document) => document.toJS() as Partial<KubernetesObject> | null)
  const found = objects.filter(
    (object) => object?.kind === GITSYNCS.kind && object.apiVersion === apiVersionOf(GITSYNCS),
  )
  const [object] = found
  if (object === undefined || object === null) refuse(file, `holds no GitSync of ${apiVersionOf(GITSYNCS)}`)
  if (found.length > 1) refuse(file, `holds ${found.length} GitSyncs: give one of them`)
  const name = object.metadata?.name
  if (name === undefined) refuse(file, 'holds a GitSync without metadata.name')
  const namespace = object.metadata?.namespace ?? cluster.namespace
  const live = await cluster.client.get(GITSYNCS, namespace, name).catch((error: unknown) => {
    // Before the first installation nobody serves the kind, and that is when people want to know.
    if (isKubeError(error, 'NotFound', 'NotServed', 'Forbidden')) return undefined
    throw error
  })
  const { uid, annotations, creationTimestamp } = live?.metadata ?? {}
  const written = { ...object.metadata, name, namespace }
  // The API server gives its own, whatever an object that was printed once had.
  delete written.uid
  delete written.creationTimestamp
  return {
    ...object,
    apiVersion: apiVersionOf(GITSYNCS),
    kind: GITSYNCS.kind,
    metadata: {
      ...written,
      annotations: { ...annotations, ...object.metadata?.annotations },
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
  }
}

function refuse(file: string, problem: string): never {
  throw new CommandFailure('usage', `--filename ${JSON.stringify(file)} ${problem}`)
}
