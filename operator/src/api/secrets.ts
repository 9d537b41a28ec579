/** What becomes of Secrets, and of other fields that hold secrets. */
import { z } from 'zod'
import { mustMatch, mustNotMatch, withRule } from './rules.ts'

const SECRETS_POLICIES = ['Exclude', 'Encrypt', 'Redact', 'Hash'] as const
type SecretsPolicy = (typeof SECRETS_POLICIES)[number]

/** Label of a namespace whose Secrets may be read; the platform team sets it. */
export const SECRETS_LABEL = 'gitsync.dev/secrets'
export const SECRETS_ALLOWED = 'allowed'

export const secretsSchema = z
  .enum(SECRETS_POLICIES)
  .meta({
    description:
      'What is written of Secrets and of fields named by sensitive. Exclude: nothing, and kind Secret cannot be selected. Encrypt: values are encrypted for encryption.recipients, as sops does. Redact: values are replaced by a marker. Hash: by a keyed hash. Reading Secrets also needs the label gitsync.dev/secrets: allowed on their namespace.',
  })
  .default('Exclude')

const recipient = mustMatch(
  z.string().min(1).max(62),
  /^age1[02-9ac-hj-np-z]{58}$/,
  'must be an age recipient: age1 and 58 more characters, as age-keygen -y prints it',
)

export const encryptionSchema = z
  .object({
    recipients: z.array(recipient).min(1).max(16).meta({
      description: 'Public age keys; who has the private key of any of them can open the files.',
      'x-kubernetes-list-type': 'set',
    }),
  })
  .meta({ description: 'For whom values are encrypted, where secrets is Encrypt.' })

let pointer = mustMatch(
  z.string().min(1).max(512),
  /^(\/([^~/]|~[01])+)+$/,
  'must be a JSON pointer such as /spec/password; ~1 stands for a slash in a key, ~0 for ~',
)
pointer = mustNotMatch(
  pointer,
  /^\/(\*|apiVersion|kind)(\/|$)|^\/metadata($|\/(\*|name|namespace)(\/|$))/,
  'must not take in apiVersion, kind, metadata.name or metadata.namespace: the file could not be told from others',
)

export const sensitiveSchema = z.array(pointer).max(64).meta({
  description:
    'JSON pointers to fields of any kind that are treated as the values of Secrets are; * stands for one part, as in /spec/users/*/password. With secrets: Exclude such fields are left out.',
  'x-kubernetes-list-type': 'set',
})

interface Selection {
  readonly secrets: SecretsPolicy
  readonly encryption?: object | undefined
  readonly resources: readonly { readonly group: string; readonly kind: string }[]
}

/** The rules that hold between these fields and `resources`. */
export function withSecretsRules<S extends z.ZodType<Selection>>(spec: S): S {
  const chosen = withRule(spec, {
    cel: "self.secrets != 'Exclude' || !self.resources.exists(r, r.group == '' && r.kind == 'Secret')",
    test: ({ secrets, resources }) =>
      secrets !== 'Exclude' || !resources.some(({ group, kind }) => group === '' && kind === 'Secret'),
    field: 'resources',
    message:
      'Secrets are not written to Git while secrets is Exclude: set it to Encrypt, Redact or Hash, or remove kind: Secret from resources',
  })
  return withRule(chosen, {
    cel: "(self.secrets == 'Encrypt') == has(self.encryption)",
    test: ({ secrets, encryption }) => (secrets === 'Encrypt') === (encryption !== undefined),
    field: 'encryption',
    message: 'encryption.recipients goes with secrets: Encrypt, and only with it',
  })
}
