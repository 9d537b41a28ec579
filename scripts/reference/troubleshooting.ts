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

## Errors of kubectl apply

The API server checks a GitSync before it stores it. Its words name the field and what to write instead.

| Message contains | What to do |
| --- | --- |
| \`spec.repository.url: … must start with http:// or https://\` | Use the HTTPS clone URL; SSH is not supported by the operator yet. |
| \`url must not contain a user or password\` | Put them into the Secret that \`secretRef\` names. |
| \`Secrets are not written to Git\` | Remove \`kind: Secret\` from \`resources\`. |
| \`kind: * is not supported yet\` | List each kind. |
| \`kind must be a kind such as ConfigMap (not a resource such as configmaps)\` | Use the singular name in upper camel case, as \`kubectl api-resources\` shows under KIND. |
| \`group must be an API group such as apps (without the version)\` | Put \`apps\` into \`group\` and, if need be, \`v1\` into \`version\`. |
| \`path must not contain the parts . or ..\` | Name the folder from the root of the repository. |
| \`must be between 0s and 10m\` | Choose a duration within the bounds. |
| \`maxLatency must not be shorter than window\` | Raise \`maxLatency\`, or lower \`window\`. |
| \`hosts are lower-case names or name:port\` | Leave scheme and path out of the GitProvider's \`hosts\`. |
| \`unknown field "spec.…"\` | A typing error, or a field of a later release. |
| \`no matches for kind "GitSync"\` | The CustomResourceDefinitions are not installed: [install](install.md). |

## What /readyz says

| Text | Meaning |
| --- | --- |
| \`ok\` | it holds the Lease and reconciles |
| \`standby: lease … is held by …\` | another replica works; this one takes over when it ends. Ready as well. |
| \`lease … has not been acquired yet\` | it has just started, or may not use Leases: the log says which permission it lacks |
| \`lease … cannot be renewed: nothing is pushed\` | the API server does not answer; goes on by itself |
| \`GitProviders cannot be listed yet: …\` | before it is known which hosts are allowed nothing is written; the definition or the permission is missing |
| \`GitSyncs have not been listed yet\` | as above, for GitSyncs |

## The operator's exit codes

See [the operator's flags](reference/operator.md). The last line of the log says why it ended:

| Message contains | What to do |
| --- | --- |
| \`must be host:port, as in 127.0.0.1:8080\` | Correct \`--metrics\`. |
| \`EADDRINUSE\` | Another process has the address: choose another port. |
| \`ECONNREFUSED\` | Nobody listens at the API server's address: check \`--kubeconfig\`. |
| \`kube-system\` with \`forbidden\` | The operator's account may not read the namespace \`kube-system\`, by whose uid a cluster is known. |
`
}
