import type { Command } from 'commander'
import { write, writeJson } from '@gitsync/protocol/cli'
import type { Io } from '@gitsync/protocol/cli'

export interface OutputFlags {
  readonly output?: string
  readonly json?: boolean
}

export function addOutputOption(command: Command, others: readonly string[] = []): Command {
  const choices = ['json', 'yaml', ...others]
  return command
    .addOption(command.createOption('-o, --output <format>', 'how to print').choices(choices))
    .option('--json', 'the same as -o json')
}

/** Prints data as JSON or YAML where that is wanted. @returns whether it was */
export async function printData(io: Io, { output, json }: OutputFlags, data: unknown): Promise<boolean> {
  if (json === true || output === 'json') await writeJson(io, data)
  else if (output === 'yaml') {
    const { toYaml } = await import('../../render/yaml.ts')
    // What is undefined is not there.
    await write(io.stdout, toYaml(JSON.parse(JSON.stringify(data))))
  } else return false
  return true
}

/** Columns as kubectl prints them: three spaces between, none at the end of a line. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('   '))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

const SECOND = 1_000
const UNITS = [
  ['d', 86_400 * SECOND],
  ['h', 3_600 * SECOND],
  ['m', 60 * SECOND],
  ['s', SECOND],
] as const

/** How long ago, in the largest unit of which there are two, as kubectl shows ages: `90s`, `5m`, `3d`. */
export function age(time: string | undefined, now: Date): string {
  const ms = now.getTime() - Date.parse(time ?? '')
  if (Number.isNaN(ms)) return '<unknown>'
  for (const [unit, length] of UNITS) if (ms >= 2 * length) return `${Math.floor(ms / length)}${unit}`
  return `${Math.max(0, Math.floor(ms / SECOND))}s`
}

/** Moves the cursor, or turns the direction of reading, so that what stands there is not what is seen. */
const TRICKS = /[^\P{Cc}\n\t]|\p{Bidi_Control}/gu

/** Without what could play tricks on a terminal. */
export const printable = (text: string): string => text.replaceAll(TRICKS, '')

/** With what could play tricks on a terminal spelled out, as in `\x1b[31m`, for texts of which nothing may be missing. */
export const spelledOut = (text: string): string =>
  text.replaceAll(TRICKS, (character, at: number) => {
    if (character === '\r' && text[at + 1] === '\n') return character
    const code = (character.codePointAt(0) ?? 0).toString(16)
    return code.length > 2 ? `\\u${code.padStart(4, '0')}` : `\\x${code.padStart(2, '0')}`
  })

/** A file as it is; on a terminal with what could play tricks on it spelled out, as in `\x1b[31m`. */
export async function writeFileTo(stdout: Io['stdout'], bytes: Uint8Array): Promise<void> {
  const isTerminal = 'isTTY' in stdout && stdout.isTTY === true
  await write(stdout, isTerminal ? spelledOut(new TextDecoder().decode(bytes)) : bytes)
}
