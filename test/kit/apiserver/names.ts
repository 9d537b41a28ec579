import type { Cause } from './errors.ts'
import type { Resource } from './kinds.ts'

const LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const SERVICE = /^[a-z]([-a-z0-9]*[a-z0-9])?$/

const ALPHANUMERIC = 'and must start and end with an alphanumeric character'
const RULES = {
  label: {
    shape: LABEL,
    longest: 63,
    message: `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ALPHANUMERIC} (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')`,
  },
  subdomain: {
    shape: SUBDOMAIN,
    longest: 253,
    message: `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ALPHANUMERIC} (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')`,
  },
  service: {
    shape: SERVICE,
    longest: 63,
    message: `a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')`,
  },
}

/** RBAC names only have to fit in a URL path: `system:node` is one. */
function checkSegment(name: string): string | undefined {
  if (name === '.' || name === '..') return `may not be '${name}'`
  const bad = ['/', '%'].find((character) => name.includes(character))
  return bad === undefined ? undefined : `may not contain '${bad}'`
}

/** What is wrong with an object's name; undefined when nothing is. */
export function checkName(resource: Resource, name: string): Cause | undefined {
  const cause = (message: string): Cause => ({
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(name)}: ${message}`,
    field: 'metadata.name',
  })
  if (resource.group === 'rbac.authorization.k8s.io') {
    const wrong = checkSegment(name)
    return wrong === undefined ? undefined : cause(wrong)
  }
  const rule = ruleOf(resource)
  if (name.length > rule.longest) return cause(`must be no more than ${rule.longest} characters`)
  return rule.shape.test(name) ? undefined : cause(rule.message)
}

function ruleOf(resource: Resource): (typeof RULES)['label'] {
  if (resource.group === '' && resource.kind === 'Service') return RULES.service
  return resource.group === '' && resource.kind === 'Namespace' ? RULES.label : RULES.subdomain
}
