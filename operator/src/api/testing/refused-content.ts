import { minimal, RECIPIENT } from './spec.ts'
import type { RefusedCase } from './spec.ts'

const sensitive = (pointer: string, message: RegExp): RefusedCase => ({
  name: `sensitive ${pointer}`,
  spec: minimal({ sensitive: [pointer] }),
  field: 'spec.sensitive[0]',
  message,
})

/** Refused for what is in files. */
export const CONTENT: readonly RefusedCase[] = [
  ...[
    { secrets: 'Encrypt' },
    { secrets: 'Redact', encryption: { recipients: [RECIPIENT] } },
    { encryption: { recipients: [RECIPIENT] } },
  ].map((fields) => ({
    name: JSON.stringify(fields),
    spec: minimal(fields),
    field: 'spec.encryption',
    message: /encryption.recipients goes with secrets: Encrypt/,
  })),
  ...['age1x', 'ssh-ed25519 AAAA', `AGE-SECRET-KEY-1${'Q'.repeat(46)}`, RECIPIENT.replace('age1', 'age1b')].map(
    (recipient) => ({
      name: `recipient ${recipient}`,
      spec: minimal({ secrets: 'Encrypt', encryption: { recipients: [recipient] } }),
      field: 'spec.encryption.recipients[0]',
      message: /must be an age recipient|may not be (longer|more) than 62|Too long|62 char/i,
    }),
  ),
  ...['spec', '/', '/a//b', '/a/', '/a~2'].map((pointer) => sensitive(pointer, /must be a JSON pointer/)),
  ...[
    '/*',
    '/*/name',
    '/kind',
    '/apiVersion',
    '/metadata',
    '/metadata/*',
    '/metadata/name',
    '/metadata/namespace',
    '/metadata/*/x',
  ].map((pointer) => sensitive(pointer, /must not take in/)),
  {
    name: 'template and expression',
    spec: minimal({ layout: { template: '{name}', expression: 'name' } }),
    field: 'spec.layout',
    message: /not both/,
  },
  {
    name: 'many documents in JSON',
    spec: minimal({ layout: { format: 'JSON', documents: 'Many' } }),
    field: 'spec.layout',
    message: /needs format: YAML/,
  },
  ...['spec', '/a~2b', '/a//b', '/'].map((pointer) => ({
    name: `ignore ${pointer}`,
    spec: minimal({ ignore: [pointer] }),
    field: 'spec.ignore[0]',
    message: /JSON pointer|at least 2|>=2/,
  })),
  ...['/kind', '/metadata/name', '/*/namespace', '/*'].map((pointer) => ({
    name: `ignore ${pointer}`,
    spec: minimal({ ignore: [pointer] }),
    field: 'spec.ignore[0]',
    message: /in every file/,
  })),
]
