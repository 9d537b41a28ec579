import { GitError } from '../../format/errors.ts'

/** A line of a file of allowed signers (ssh-keygen, "ALLOWED SIGNERS"), or a public key by itself. */
export interface AllowedSigner {
  /** Empty for a key by itself. */
  readonly principals: readonly string[]
  readonly type: string
  /** The key, as signatures name it. */
  readonly blob: Buffer
  /** Patterns of what it may sign; undefined: anything. */
  readonly namespaces?: readonly string[]
  /** Milliseconds since 1970. */
  readonly validAfter?: number
  /** Milliseconds since 1970. */
  readonly validBefore?: number
}

const TYPE = /^(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+$/
/** Words of a line; quotes keep blanks together. */
const WORD = /(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g
const TIME = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z)?$/

/** @throws GitError `InvalidInput` naming the line */
export function parseAllowedSigners(text: string): AllowedSigner[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    const words = line.match(WORD) ?? []
    return words.length === 0 || line.trimStart().startsWith('#') ? [] : [parseLine(words, index + 1)]
  })
}

function parseLine(words: readonly string[], line: number): AllowedSigner {
  const at = words.findIndex((word) => TYPE.test(word))
  const [type = '', key = ''] = at < 0 ? [] : words.slice(at)
  const blob = Buffer.from(key, 'base64')
  if (at < 0 || at > 2 || blob.length < 4 || blob.toString('latin1', 4, 4 + blob.readUInt32BE(0)) !== type)
    throw invalid(line, 'holds no public key: "[principals [options]] ssh-ed25519 AAAA…" is needed')
  const [principals = '', options = ''] = words.slice(0, at)
  return { principals: unquoted(principals).split(',').filter(Boolean), type, blob, ...parseOptions(options, line) }
}

type Options = Pick<AllowedSigner, 'namespaces' | 'validAfter' | 'validBefore'>

function parseOptions(text: string, line: number): Options {
  const options = text.match(/[^,=]+(?:="(?:[^"\\]|\\.)*"|=[^,]*)?/g) ?? []
  return Object.assign({}, ...options.map((option) => parseOption(option, line))) as Options
}

function parseOption(option: string, line: number): Options {
  const [, name = '', value = ''] = /^([^=]+)=?([^]*)$/.exec(option) ?? []
  switch (name.toLowerCase()) {
    case 'namespaces':
      return { namespaces: unquoted(value).split(',') }
    case 'valid-after':
      return { validAfter: parseTime(unquoted(value), line) }
    case 'valid-before':
      return { validBefore: parseTime(unquoted(value), line) }
    case 'cert-authority':
      throw invalid(line, 'is a certificate authority: certificates are not read, give the keys themselves')
    default:
      throw invalid(line, `has the option ${JSON.stringify(name)}: namespaces, valid-after and valid-before are known`)
  }
}

/** As `ssh-keygen` takes it: without Z in the zone of this machine. */
function parseTime(text: string, line: number): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00', zone = ''] = TIME.exec(text) ?? []
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone}`)
  if (Number.isNaN(time)) throw invalid(line, `has the time ${JSON.stringify(text)}: YYYYMMDD[HHMM[SS]][Z] is needed`)
  return time
}

const unquoted = (text: string): string => text.replaceAll(/"((?:[^"\\]|\\.)*)"/g, '$1').replaceAll(/\\(.)/g, '$1')

function invalid(line: number, problem: string): GitError {
  return new GitError('InvalidInput', `keys: line ${line} ${problem}`, { field: 'keys' })
}

/** Patterns of ssh_config: `*` and `?`, and `!` before what is left out. */
export function matchesPatterns(value: string, patterns: readonly string[]): boolean {
  const matches = (pattern: string): boolean => {
    const escaped = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(value)
  }
  if (patterns.some((pattern) => pattern.startsWith('!') && matches(pattern.slice(1)))) return false
  return patterns.some((pattern) => !pattern.startsWith('!') && matches(pattern))
}
