import { at, fieldsOf, listOf, textOf, type Fields } from './json.ts'
import { apiVersionOf, type Resource } from './kinds.ts'
import type { Attributes, Authorizer, Decision, User } from './rbac.ts'

interface Context {
  readonly user: User
  readonly authorizer: Authorizer
  /** Who a token belongs to. */
  readonly identify: (token: string) => User | undefined
}

/** Answers the kinds that are questions: the body with its `status` filled in. */
export function review({ kind, ...version }: Resource, body: Fields, context: Context): Fields {
  const spec = fieldsOf(body['spec'])
  const metadata = fieldsOf(body['metadata'])
  return { apiVersion: apiVersionOf(version), kind, metadata, spec, status: statusOf(kind, spec, context) }
}

function statusOf(kind: string, spec: Fields, { user, authorizer, identify }: Context): Fields {
  switch (kind) {
    case 'SelfSubjectAccessReview':
      return decisionOf(authorizer.decide(user, attributesOf(spec)))
    case 'SubjectAccessReview':
    case 'LocalSubjectAccessReview': {
      const name = textOf(spec['user'])
      return decisionOf(authorizer.decide({ name, groups: listOf(spec['groups']).map(textOf) }, attributesOf(spec)))
    }
    case 'SelfSubjectRulesReview': {
      const rules = authorizer.rules(user, textOf(spec['namespace']))
      return {
        resourceRules: rules.filter((rule) => rule['nonResourceURLs'] === undefined),
        nonResourceRules: rules.filter((rule) => rule['nonResourceURLs'] !== undefined),
        incomplete: false,
      }
    }
    case 'SelfSubjectReview':
      return { userInfo: { username: user.name, groups: user.groups } }
    case 'TokenReview': {
      const owner = identify(textOf(spec['token']))
      if (owner === undefined) return { authenticated: false, error: 'invalid token' }
      return { authenticated: true, user: { username: owner.name, groups: owner.groups } }
    }
    default:
      return {}
  }
}

const decisionOf = ({ allowed, reason }: Decision): Fields => (reason === '' ? { allowed } : { allowed, reason })

function attributesOf(spec: Fields): Attributes {
  const wanted = fieldsOf(spec['resourceAttributes'])
  const path = at(spec, 'nonResourceAttributes', 'path')
  if (path !== undefined) return { verb: textOf(at(spec, 'nonResourceAttributes', 'verb')), path: textOf(path) }
  return {
    verb: textOf(wanted['verb']),
    group: textOf(wanted['group']),
    resource: textOf(wanted['resource']),
    subresource: textOf(wanted['subresource']),
    namespace: textOf(wanted['namespace']),
    name: textOf(wanted['name']),
  }
}
