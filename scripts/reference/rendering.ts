import { COMPARE_REASONS } from '../../operator/src/push/schedule.ts'
import { ALLOCATED_FIELDS } from '../../operator/src/render/allocated.ts'
import { REMOVED_ANNOTATIONS, REMOVED_LABELS, REMOVED_METADATA } from '../../operator/src/render/clean.ts'
import { MESSAGE_PLACEHOLDER_DOCS } from '../../operator/src/render/message.ts'
import { TRAILER_DOCS } from '../../operator/src/render/trailers.ts'
import { row } from './table.ts'

const list = (items: readonly string[]): string => items.map((item) => `- \`${item}\``).join('\n')

/** docs/reference/rendering.md. */
export function renderingPage(): string {
  const allocated = ALLOCATED_FIELDS.map(({ group, kind, fields, why }) =>
    row(`${kind}${group === '' ? '' : `.${group}`}`, fields.replaceAll('<', '&lt;'), why),
  )
  const placeholders = Object.entries(MESSAGE_PLACEHOLDER_DOCS).map(([name, meaning]) => row(`\`{${name}}\``, meaning))
  return `# From object to file

A file holds the object as a person would write it. What the server keeps about an object is removed; everything else stays,
known to this project or not. Numbers keep their spelling, also beyond 2^53. Keys have a fixed order, whatever order the
server sent: \`apiVersion\`, \`kind\`, \`metadata\` (\`name\`, \`namespace\`, \`labels\`, \`annotations\`, \`finalizers\`), then
sorted.

## Removed from every object

From \`metadata\`:

${list(REMOVED_METADATA)}

Annotations:

${list(REMOVED_ANNOTATIONS)}

Labels:

${list(REMOVED_LABELS)}

\`status\`, when the kind has a status subresource.

## Removed from some kinds

What a controller or the API server allocates, and what would keep the file from being applied elsewhere:

| Kind | Fields | Why |
| --- | --- | --- |
${allocated.join('\n')}

## Commit messages

\`spec.commit.message\` may use:

| Placeholder | Stands for |
| --- | --- |
${placeholders.join('\n')}

Trailers that \`spec.commit.trailers\` may name, in this order:

| Trailer | Says |
| --- | --- |
${Object.entries(TRAILER_DOCS)
  .map(([name, meaning]) => row(`\`${name}\``, meaning))
  .join('\n')}

A commit that comes from comparing the folder, instead of from changes seen one by one, ends in a trailer
\`Gitsync-Compared: REASON\` (${COMPARE_REASONS.join(', ')}): states between may be missing.
`
}
