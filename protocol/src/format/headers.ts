import { decodeText } from './text.ts'

/** One header of a commit or tag; lines that continue it are joined with line breaks, their leading space removed. */
export interface Header {
  readonly name: string
  readonly value: string
}

/** Parts a commit or tag object into headers and message, as text. */
export function splitHeaders(body: Buffer): {
  readonly headers: readonly Header[]
  readonly message: string
  readonly encoding?: string
} {
  // An object that begins with an empty line has no headers.
  const end = body[0] === 0x0a ? 0 : body.indexOf('\n\n')
  const head = end < 0 ? body : body.subarray(0, end)
  const encoding = /^encoding (.+)$/m.exec(head.toString('latin1'))?.[1]
  const headers: { name: string; value: string }[] = []
  // Names and line breaks are ASCII whatever the encoding: only what people wrote is decoded.
  for (const line of head.toString('latin1').split('\n')) {
    const last = headers.at(-1)
    if (line.startsWith(' ') && last !== undefined) {
      last.value += `\n${line.slice(1)}`
      continue
    }
    const space = line.indexOf(' ')
    if (space <= 0) continue
    const value = decodeText(Buffer.from(line.slice(space + 1), 'latin1'), encoding)
    headers.push({ name: line.slice(0, space), value })
  }
  const message = end < 0 ? '' : decodeText(body.subarray(end + (end === 0 ? 1 : 2)), encoding)
  return { headers, message, ...(encoding === undefined ? {} : { encoding }) }
}
