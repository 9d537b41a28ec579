/** The kind GitProvider: what a Git host allows, said by the platform team. */
import { z } from 'zod'
import { namespaceChoice } from './namespace-choice.ts'
import { bytesSchema, hostTypeSchema, pushesSchema, requestsSchema } from './provider-limits.ts'
import { mustMatch } from './rules.ts'

const host = mustMatch(
  z.string().min(1).max(259),
  /^([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?$/,
  'hosts are lower-case names or name:port, as in git.example.com or git.example.com:8443 (no scheme, no path)',
)

const caBundle = mustMatch(
  z
    .string()
    .min(1)
    .max(65_536)
    .meta({ description: 'CA certificates (PEM) to trust for these hosts besides the public ones.' }),
  /^\s*(-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+$/,
  'caBundle must be one or more PEM certificates (-----BEGIN CERTIFICATE-----) and nothing else',
)

const proxyUrl = mustMatch(
  z.string().min(1).max(512).meta({ description: 'URL of an HTTP proxy, such as http://proxy.example.com:3128.' }),
  /^https?:\/\/([a-z0-9]([-a-z0-9.]*[a-z0-9])?|\[[0-9a-f:.]+\])(:[0-9]{1,5})?\/?$/,
  'proxy.url is http:// or https:// and a host, with a port, and nothing else: no user, no password, no path',
)

const proxy = z.object({ url: proxyUrl }).meta({
  description: 'Proxy through which these hosts are reached. It resolves their names: addresses are not checked then.',
})

export const gitProviderSpecSchema = z
  .object({
    hosts: z.array(host).min(1).max(64).meta({
      description: 'Hosts this is about. A name covers every port, name:port one.',
      'x-kubernetes-list-type': 'set',
    }),
    type: hostTypeSchema.optional(),
    requests: requestsSchema.optional(),
    pushes: pushesSchema.optional(),
    bytes: bytesSchema.optional(),
    allowPrivateAddresses: z
      .boolean()
      .meta({ description: 'Allow hosts that resolve to private or loopback addresses.' })
      .default(false),
    allowPlainHttp: z
      .boolean()
      .meta({ description: 'Send credentials over plain http too. http without credentials needs no permission.' })
      .default(false),
    allowedNamespaces: namespaceChoice
      .meta({ description: 'Only GitSyncs of these namespaces may use these hosts; otherwise all.' })
      .optional(),
    caBundle: caBundle.optional(),
    proxy: proxy.optional(),
  })
  .meta({ description: 'What the hosts allow.' })

/** A GitProvider's spec with every default filled in. */
export type GitProviderSpec = z.output<typeof gitProviderSpecSchema>
