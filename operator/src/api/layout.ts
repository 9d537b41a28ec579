/** How files are named and written, and what of an object is in them. */
import { z } from 'zod'
import { DEFAULT_PATH_TEMPLATE, PATH_PLACEHOLDER_DOCS } from '../render/path.ts'
import { mustMatch, mustNotMatch, withRule } from './rules.ts'

const PATH_PLACEHOLDERS = Object.entries(PATH_PLACEHOLDER_DOCS)
  .map(([name, note]) => (note === '' ? `{${name}}` : `{${name}} (${note})`))
  .join(', ')

const fields = z
  .object({
    template: z
      .string()
      .min(1)
      .max(512)
      .meta({
        description: `Path of a file below the folder. Placeholders: ${PATH_PLACEHOLDERS}. Default ${DEFAULT_PATH_TEMPLATE}.`,
      })
      .optional(),
    expression: z
      .string()
      .min(1)
      .max(2048)
      .meta({
        description:
          'CEL expression that gives the path instead of template, from object, and id.namespace, id.type, id.kind, id.group, id.version, id.resource and id.name.',
      })
      .optional(),
    format: z
      .enum(['YAML', 'JSON'])
      .meta({ description: 'How files are written. The file name comes from template or expression alone.' })
      .default('YAML'),
    documents: z
      .enum(['One', 'Many'])
      .meta({
        description:
          'One: a file for each object. Many: objects with one path are documents of one file, ordered by kind, namespace and name.',
      })
      .default('One'),
    existing: z
      .enum(['Edit', 'Replace'])
      .meta({
        description:
          'What happens to a file that holds the object already. Edit: what changed is changed in it, wherever it is; comments, order and style stay. Replace: it is written anew, at the place that the layout says.',
      })
      .default('Edit'),
    kustomization: z
      .boolean()
      .meta({ description: 'Keep a kustomization.yaml in each folder that lists the files and folders in it.' })
      .default(false),
  })
  .meta({ description: 'How files are named and written.' })

export const layoutSchema = withRule(
  withRule(fields, {
    cel: '!(has(self.template) && has(self.expression))',
    test: ({ template, expression }) => template === undefined || expression === undefined,
    message: 'write template or expression, not both',
  }),
  {
    cel: "!has(self.documents) || self.documents == 'One' || !has(self.format) || self.format == 'YAML'",
    test: ({ documents, format }) => documents === 'One' || format === 'YAML',
    message: 'documents: Many needs format: YAML',
  },
)

export const fieldsSchema = z
  .enum(['All', 'Applied'])
  .meta({
    description:
      'Which fields are written. All: every field but those that the server keeps. Applied: those that people and their tools have set, without defaults and what controllers write.',
  })
  .default('All')

const pointer = mustNotMatch(
  mustMatch(
    z.string().min(2).max(512),
    /^(\/([^~/]|~[01*])+)+$/,
    'must be a JSON pointer such as /spec/replicas; ~ in a part is written ~0, and / is written ~1',
  ),
  /^\/(\*|apiVersion|kind|metadata|(\*|metadata)\/(\*|name|namespace))$/,
  'apiVersion, kind, and name and namespace in metadata are in every file',
)

export const ignoreSchema = z
  .array(pointer)
  .max(64)
  .meta({
    description:
      'Fields that are left out, as JSON pointers; * stands for any one part. What a file says there is left alone.',
    'x-kubernetes-list-type': 'atomic',
  })
  .default([])
