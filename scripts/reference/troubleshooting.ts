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

/** docs/troubleshooting.md: a heading for each reason of a condition. */
export function troubleshootingPage(): string {
  return `# Troubleshooting

Start with the GitSync: its condition \`Ready\` has a reason, which is a heading of this page, and a message, which names the
object, the value and what to do.

\`\`\`sh run
kubectl get gitsync -A
kubectl describe gitsync shop -n shop
kubectl get events -n shop --field-selector involvedObject.kind=GitSync
\`\`\`

Permissions, Secrets and kinds are looked at again every minute. Ask for it at once, with a comparison of everything:

\`\`\`sh run
kubectl annotate gitsync shop -n shop gitsync.dev/requested-at="$(date +%s)" --overwrite
\`\`\`

## Conditions

| Condition | Status | Meaning |
| --- | --- | --- |
| \`Ready\` | True | Git holds what the cluster holds, for the generation in \`observedGeneration\` |
| | False | something is in the way |
| | Unknown | the folder has not been compared yet |
| \`Reconciling\` | True | work goes on, or is tried again; absent otherwise |
| \`Stalled\` | True | nothing happens until somebody changes something; absent otherwise |
| \`RateLimited\` | True | the host asked to wait; the message says until when; absent otherwise |

The meaning is that of [kstatus](https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md): tools that
wait for it, as \`kubectl wait --for=condition=Ready\` does, know when a change has arrived in Git. Several problems are named
in one message, the worst first; objects that no problem is about are written all the same.

## Reasons

${(Object.keys(REASONS) as Reason[]).map(section).join('\n\n')}

## Everything else

[Installation](troubleshooting/installation.md) has errors of \`kubectl apply\` and of Helm, what \`/readyz\` says, and why the
operator ends.
`
}
