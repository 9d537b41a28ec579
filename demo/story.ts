import { readFile } from 'node:fs/promises'
import { parseAllDocuments } from 'yaml'
import type { Document } from 'yaml'

/** Everything below a folder or in a file, with the demo's own address instead of the example's. */
export async function readExample(path: string, repository: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  const { host } = new URL(repository)
  return parseAllDocuments(text)
    .map((document) => forDemo(document as Document, repository, host))
    .join('---\n')
}

function forDemo(document: Document, url: string, host: string): string {
  if (document.get('kind') === 'GitSync') {
    document.setIn(['spec', 'repository', 'url'], url)
    document.setIn(['spec', 'commit', 'window'], '1s')
  }
  if (document.get('kind') === 'Secret') document.setIn(['metadata', 'annotations', 'gitsync.dev/hosts'], host)
  return document.toString()
}
