import type { CommitInfo } from '../client/read/objects.ts'
import type { Identity } from '../format/identity.ts'
import { formatDate, isoWithZone } from './dates.ts'

/** Digits of an id as people read it; whether they are enough to tell it from others, only the server knows. */
const SHORT = 7
const TAB = 8

/** As `git log` prints a commit. */
export function commitMedium({ oid, parents, author, message }: CommitInfo): string {
  const lines = [
    `commit ${oid}`,
    ...(parents.length > 1 ? [`Merge: ${parents.map((parent) => parent.slice(0, SHORT)).join(' ')}`] : []),
    `Author: ${clean(author.name)} <${clean(author.email)}>`,
    `Date:   ${formatDate(author.date, author.utcOffset)}`,
    '',
    ...messageLines(message).map((line) => `    ${expandTabs(line)}`),
  ]
  return `${lines.join('\n')}\n`
}

/** As `git log --oneline` prints a commit. */
export function commitOneline({ oid, message }: CommitInfo): string {
  return `${oid.slice(0, SHORT)} ${subject(message)}\n`
}

/** One JSON object; dates in RFC 3339 with the zone of whoever wrote them. */
export function commitJson({ oid, tree, parents, author, committer, message, signature }: CommitInfo): string {
  return JSON.stringify({
    oid,
    tree,
    parents,
    author: person(author),
    committer: person(committer),
    message,
    ...(signature === undefined ? {} : { signature }),
  })
}

function person({ name, email, date, utcOffset }: Identity) {
  return { name, email, date: isoWithZone(date, utcOffset) }
}

/** Git prints no blank lines before and after a message, and nothing behind the last word of a line. */
function messageLines(message: string): string[] {
  const lines = message.split('\n').map((line) => clean(line).trimEnd())
  const first = lines.findIndex((line) => line !== '')
  return first < 0 ? [] : lines.slice(first, lines.findLastIndex((line) => line !== '') + 1)
}

/** The first paragraph in one line. */
function subject(message: string): string {
  const lines = messageLines(message)
  const end = lines.indexOf('')
  return (end < 0 ? lines : lines.slice(0, end)).join(' ')
}

function expandTabs(line: string): string {
  let expanded = ''
  for (const [index, part] of line.split('\t').entries()) {
    if (index > 0) expanded += ' '.repeat(TAB - (expanded.length % TAB))
    expanded += part
  }
  return expanded
}

/** Without what could play tricks on a terminal. */
function clean(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '')
}
