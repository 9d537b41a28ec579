import { REASONS } from '../../operator/src/api/reasons.ts'
import type { Reason } from '../../operator/src/api/reasons.ts'
import { EXAMPLES } from './reason-examples.ts'

const OUTCOMES = {
  ok: 'As wanted.',
  progress: 'Goes on by itself.',
  retry: 'Tried again with growing pauses, and when the GitSync changes.',
  stall: 'Waits until the GitSync, or what the message names, is changed.',
} as const

function section(reason: Reason): string {
  const { meaning, remedy, outcome } = REASONS[reason]
  const { message, causes, command } = EXAMPLES[reason]
  const shown = outcome === 'retry' || outcome === 'stall' ? `${message}. ${remedy}` : message
  const facts = [`**Meaning.** ${meaning} ${OUTCOMES[outcome]}`, `**What to do.** ${remedy}`]
  const list = causes.length === 0 ? [] : [causes.map((cause) => `- ${cause}`).join('\n')]
  const mended = command === undefined ? [] : [`\`\`\`sh remedy\n${command}\n\`\`\``]
  return [`### ${reason}`, `\`\`\`text message\n${shown}\n\`\`\``, ...facts, ...mended, ...list].join('\n\n')
}

/** The sections of docs/troubleshooting.md that explain reasons. */
export function reasonSections(): string {
  return `${(Object.keys(REASONS) as Reason[]).map(section).join('\n\n')}\n`
}
