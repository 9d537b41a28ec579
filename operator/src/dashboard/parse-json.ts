/** JSON as people write it by hand, read strictly (RFC 8259): what is wrong is named with its place. */
import { printParseErrorCode, visit } from 'jsonc-parser'
import { exactNumber } from '../objects/exact-json.ts'
import { DashboardError } from './dashboard-error.ts'

/** Lists and objects in each other: more than any dashboard has, and few enough for every reader. */
const MAX_DEPTH = 200
/** Values in all: in memory one of three characters takes a hundred times as much. */
const MAX_VALUES = 500_000
/** Characters of what was found that a message shows. */
const SHOWN = 20

/** Of the library's errors those that are about what stands at a place; the others are about a text or a value as such. */
const EXPECTED: Readonly<Record<string, string>> = {
  PropertyNameExpected: 'a key in double quotes',
  ColonExpected: '":"',
  CloseBraceExpected: '"," or "}"',
  CloseBracketExpected: '"," or "]"',
  EndOfFileExpected: 'the end',
}
const STRING_ERRORS: ReadonlySet<string> = new Set([
  'UnexpectedEndOfString',
  'InvalidUnicode',
  'InvalidEscapeCharacter',
  'InvalidCharacter',
])

/** A list or an object that is being read. */
type Open = { readonly list: unknown[] } | { readonly entries: Map<string, unknown>; key: string }

/**
 * Parses JSON; numbers that would change become `ExactNumber`.
 * @throws DashboardError naming line and column for what is not JSON, and for a key that stands twice in one object; and for what is too deep or too much
 */
export function parseStrict(text: string): unknown {
  const open: Open[] = []
  let result: unknown
  let values = 0
  const put = (value: unknown): void => {
    if (++values > MAX_VALUES) throw new DashboardError(`it has more than ${MAX_VALUES} values`)
    const within = open.at(-1)
    if (within === undefined) result = value
    else if ('list' in within) within.list.push(value)
    else within.entries.set(within.key, value)
  }
  const begin = (container: Open, line: number, column: number): void => {
    if (open.length > MAX_DEPTH) throw wrongAt(line, column, `nested deeper than ${MAX_DEPTH} levels`)
    open.push(container)
  }
  visit(
    text,
    {
      onObjectBegin: (_offset, _length, line, column) => begin({ entries: new Map(), key: '' }, line, column),
      onArrayBegin: (_offset, _length, line, column) => begin({ list: [] }, line, column),
      onObjectProperty(key, _offset, _length, line, column) {
        const within = open.at(-1)
        if (within === undefined || 'list' in within) return
        if (within.entries.has(key))
          throw wrongAt(line, column, `key ${JSON.stringify(shorten(key))} stands twice in one object`)
        within.key = key
      },
      onLiteralValue(value, offset, length) {
        put(typeof value === 'number' ? exactNumber(text.slice(offset, offset + length)) : value)
      },
      onObjectEnd() {
        const ended = open.pop()
        // fromEntries defines properties, so that a key named __proto__ stays a key.
        if (ended !== undefined && 'entries' in ended) put(Object.fromEntries(ended.entries))
      },
      onArrayEnd() {
        const ended = open.pop()
        if (ended !== undefined && 'list' in ended) put(ended.list)
      },
      onError(error, offset, length, line, column) {
        const at = { text, offset, end: offset + length, within: open.at(-1) }
        throw wrongAt(line, column, whatIsWrong(printParseErrorCode(error), at))
      },
    },
    { disallowComments: true },
  )
  return result
}

interface Place {
  readonly text: string
  readonly offset: number
  readonly end: number
  readonly within: Open | undefined
}

function whatIsWrong(error: string, { text, offset, end, within }: Place): string {
  if (STRING_ERRORS.has(error)) {
    const isOpen = error === 'UnexpectedEndOfString' && end === text.length
    return `a text ${isOpen ? 'without its closing quote' : 'with a line break, a control character or an unknown escape'}`
  }
  const list = within === undefined || 'list' in within ? '"," or "]"' : '"," or "}"'
  const what = error === 'CommaExpected' ? list : (EXPECTED[error] ?? 'a value')
  const rest = shorten(text.slice(offset))
  return `${what} was expected, and ${rest === '' ? 'the text ends' : `${JSON.stringify(rest)} found`}`
}

/** @param line counted from 0. @param column counted from 0 */
const wrongAt = (line: number, column: number, what: string): DashboardError =>
  new DashboardError(`line ${line + 1}, column ${column + 1}: ${what}`)

const shorten = (text: string): string => (text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text)
