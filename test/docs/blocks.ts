import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const ROOT = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Block {
  /** Path in the repository. */
  readonly page: string
  /** Of the opening fence, counted from 1. */
  readonly line: number
  readonly language: string
  /** The word after the language: what the tests do with the block. */
  readonly use: string
  readonly code: string
  /** What the comment `<!-- not run: … -->` right before the block says. */
  readonly notRun: string | undefined
}

/** The pages whose blocks are about the operator; those of docs/engine have a test of their own. */
export function operatorPages(): string[] {
  const docs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = docs.filter((path) => path.endsWith('.md') && !/^(engine|\.vitepress)\//.test(path))
  return ['README.md', ...pages.map((path) => `docs/${path}`).sort()]
}

/** @throws for a fence that is never closed */
export function blocksOf(page: string): Block[] {
  const lines = readFileSync(join(ROOT, page), 'utf8').split('\n')
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    const [fence, language = '', use = ''] = /^```(\w*) ?(\w*)$/.exec(lines[at] ?? '') ?? []
    if (fence === undefined) continue
    const end = lines.indexOf('```', at + 1)
    if (end < 0) throw new Error(`${page}:${at + 1}: the block is never closed`)
    const [, notRun] = /^<!-- not run: (.*) -->$/.exec(lines[at - 1] || (lines[at - 2] ?? '')) ?? []
    blocks.push({ page, line: at + 1, language, use, code: lines.slice(at + 1, end).join('\n'), notRun })
    at = end
  }
  return blocks
}
