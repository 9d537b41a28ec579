/** How a string is written in YAML so that every reader, 1.1 or 1.2, reads the same string. */

export type StringStyle = 'plain' | 'block' | 'quoted'

/** Starts with a letter or digit, or as arguments, paths and variables do; no control or invisible characters, no tab. */
const PLAIN = /^(?:--?[A-Za-z]|\.\.?\/|\.[A-Za-z_]|[\p{L}0-9/_$(])[\p{L}\p{M}\x20-\x7e]*$/u
/** A colon before a space or the end makes a key, a number sign after a space a comment; a space at the end is lost. */
const NOT_PLAIN = /:(?: |$)| #| $/
/**
 * Anything that only has what numbers, times and dates are made of: 012, 0x1F, 1e3, 1_000, 12:30:45, 2024-01-01T00:00:00Z, .5;
 * and e7, which YAML 1.1 readers with a generous pattern take for a float.
 */
const LIKE_A_NUMBER = /^[-+]?(?:[.0-9][-+0-9a-fA-FxXoO_.,:TtZz ]*|_*e[-+]?[0-9]+|\.(?:inf|nan)|inf|infinity|nan)$/i
/** Words that YAML 1.1 or 1.2 readers take for a boolean or null. */
const LIKE_A_WORD = /^(?:y|n|yes|no|on|off|true|false|null)$/i

/** A block literal keeps text as it is, unless it has a line break other than \n or a character that YAML forbids. */
const NOT_PRINTABLE = /[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u
/** Some readers take a tab at the start for indentation; text of blank characters alone has no indentation to detect. */
const NOT_BLOCK = /^[ \n]*(?:\t|$)|\n[\t ]+$/

export function stringStyle(text: string): StringStyle {
  if (text.includes('\n')) return NOT_PRINTABLE.test(text) || NOT_BLOCK.test(text) ? 'quoted' : 'block'
  const plain = PLAIN.test(text) && !NOT_PLAIN.test(text) && !LIKE_A_NUMBER.test(text) && !LIKE_A_WORD.test(text)
  return plain ? 'plain' : 'quoted'
}

/** JSON leaves these as they are, YAML readers break lines at them, drop or refuse them. */
const UNSAFE_IN_QUOTES = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g

/** On one line: in single quotes where double ones would need backslashes, else in double quotes with JSON's escapes, which are YAML's too. */
export function quote(text: string): string {
  if (/["\\]/.test(text) && /^[\x20-\x7e]*$/.test(text)) return `'${text.replaceAll("'", "''")}'`
  return JSON.stringify(text).replaceAll(
    UNSAFE_IN_QUOTES,
    (character) => String.raw`\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
