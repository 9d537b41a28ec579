/** How the authors of commits are found and named. */
import { z } from 'zod'
import { AUTHOR_SOURCES } from '../plan/authors/source.ts'
import { USER_PLACEHOLDER_DOCS } from '../plan/authors/user-template.ts'
import { objectName } from './fields.ts'

const PLACEHOLDERS = Object.keys(USER_PLACEHOLDER_DOCS)
  .map((name) => `{${name}}`)
  .join(', ')

const template = (description: string): z.ZodString =>
  z
    .string()
    .min(1)
    .max(256)
    .meta({ description: `${description} Placeholders: ${PLACEHOLDERS}.` })

export const authorsSchema = z
  .object({
    sources: z
      .array(z.enum(AUTHOR_SOURCES))
      .max(AUTHOR_SOURCES.length)
      .meta({
        description:
          'Where authors may come from; they are asked in the order Stamp, TrustedAnnotation, Audit, FieldManager, and what none of them knows is signed by commit.author. Default: all.',
        'x-kubernetes-list-type': 'set',
      })
      .optional(),
    nameTemplate: template('Display name of a person.').optional(),
    emailTemplate: template(
      'E-mail address of a person; default the user name where it is one, else an address in the reserved domain user.invalid.',
    ).optional(),
    mappingRef: z
      .object({ name: objectName('Name of a ConfigMap in the namespace of the GitSync.') })
      .meta({
        description:
          'Names and addresses of users, which come before the templates: a key for each user with the value "Name <address>", and under users.txt lines USER = Name <address>. The ConfigMap carries the label gitsync.dev/authors: "true".',
      })
      .optional(),
    pseudonyms: z
      .object({
        secretRef: z.object({ name: objectName('Name of a Secret in the namespace of the GitSync.') }).meta({
          description:
            'Holds, under key, at least 16 bytes that nobody else knows. The Secret carries the label gitsync.dev/credential: "true".',
        }),
      })
      .meta({
        description:
          'Persons are named by a keyed hash of their user name, the same for each of their changes: user-0123456789abcdef. Programs keep their names.',
      })
      .optional(),
  })
  .meta({ description: 'How the authors of commits are found and named.' })
