/** How changes become commits. */
import { z } from 'zod'
import { MESSAGE_PLACEHOLDER_DOCS } from '../render/message.ts'
import { TRAILERS } from '../render/trailers.ts'
import { DURATION_PATTERN, parseDuration } from './duration.ts'
import { celIsDuration, durationText, identity, objectName } from './fields.ts'
import { mustMatch, withRule } from './rules.ts'

const MESSAGE_PLACEHOLDERS = Object.keys(MESSAGE_PLACEHOLDER_DOCS)
  .map((name) => `{${name}}`)
  .join(', ')

const signingSchema = withRule(
  z
    .object({
      secretRef: z
        .object({ name: objectName('Name of a Secret in the namespace of the GitSync.') })
        .meta({
          description:
            'Holds the private key: identity (SSH) or git.asc (OpenPGP, armored), and passphrase if it is encrypted. The Secret carries the label gitsync.dev/credential: "true".',
        })
        .optional(),
      generate: z
        .boolean()
        .meta({
          description:
            'true: the operator makes an Ed25519 key and keeps it in a Secret that belongs to the GitSync; status.signingKey is its public half. Needs signing.generate of the chart.',
        })
        .optional(),
      format: z
        .enum(['SSH', 'OpenPGP'])
        .meta({ description: 'Which key is used where the Secret has both. Default: the one that is there.' })
        .optional(),
    })
    .meta({ description: 'Signs every commit. A key that cannot be used stops writing.' }),
  {
    cel: "has(self.secretRef) ? !(has(self.generate) && self.generate) : (has(self.generate) && self.generate && (!has(self.format) || self.format == 'SSH'))",
    test: ({ secretRef, generate = false, format = 'SSH' }) =>
      secretRef === undefined ? generate && format === 'SSH' : !generate,
    message: 'signing has either secretRef or generate: true; keys that are generated are SSH keys',
  },
)

export const commitSchema = withRule(
  z
    .object({
      window: durationText({
        description: 'A commit is made after this long without a change.',
        min: '0s',
        max: '10m',
      }).default('5s'),
      maxLatency: durationText({
        description: 'A commit is made at the latest this long after the first change.',
        min: '0s',
        max: '1h',
      }).default('1m'),
      message: z
        .string()
        .min(1)
        .max(4096)
        .meta({
          description: `Commit message. Placeholders: ${MESSAGE_PLACEHOLDERS}.`,
        })
        .optional(),
      author: identity('Author of commits whose changes cannot be attributed to a person.').optional(),
      committer: identity('Committer of every commit.').optional(),
      perObject: z
        .boolean()
        .meta({
          description:
            'true: a commit for each object that changes, instead of one for each author. What a comparison finds, such as the first export, is one commit all the same.',
        })
        .optional(),
      trailers: z
        .array(z.enum(TRAILERS))
        .max(TRAILERS.length)
        .meta({
          description: 'Trailers that end each message, whatever its template. Default: none.',
          'x-kubernetes-list-type': 'set',
        })
        .optional(),
      skipCI: mustMatch(
        z.string().min(1).max(64).meta({
          description:
            'Put at the end of the first line of each message, where CI systems look for it: "[skip ci]" is what GitHub, GitLab, Gitea and Forgejo understand.',
        }),
        /^[!-~]+( [!-~]+)*$/,
        'must be one line of printable ASCII such as [skip ci]',
      ).optional(),
      signing: signingSchema.optional(),
    })
    .meta({ description: 'How changes become commits.' }),
  {
    cel: `!${celIsDuration('self.window')} || !${celIsDuration('self.maxLatency')} || duration(self.maxLatency) >= duration(self.window)`,
    test: ({ window, maxLatency }) =>
      !DURATION_PATTERN.test(window) ||
      !DURATION_PATTERN.test(maxLatency) ||
      parseDuration(maxLatency) >= parseDuration(window),
    message: 'maxLatency must not be shorter than window',
  },
)
