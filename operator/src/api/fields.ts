/** Field shapes that more than one kind uses. */
import { z } from 'zod'
import { DURATION_MAX_LENGTH, DURATION_PATTERN, parseDuration } from './duration.ts'
import { mustMatch, withRule } from './rules.ts'

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/

const LABEL_MAX = 63
const SUBDOMAIN_MAX = 253

/** Whether a text can be the name of a namespace: a DNS label of RFC 1123. */
export const isNamespaceName = (text: string): boolean => text.length <= LABEL_MAX && DNS_LABEL.test(text)

/** Whether a text can be the name of an object such as a Secret or a Lease: a DNS subdomain of RFC 1123. */
export const isObjectName = (text: string): boolean => text.length <= SUBDOMAIN_MAX && DNS_SUBDOMAIN.test(text)

export function namespaceName(): z.ZodString {
  const message = 'must be a namespace name: lower-case letters, digits and -'
  return mustMatch(z.string().min(1).max(LABEL_MAX), DNS_LABEL, message)
}

/** The name of an object such as a Secret or a ServiceAccount. */
export function objectName(description: string): z.ZodString {
  const message = 'must be an object name: lower-case letters, digits, - and .'
  return mustMatch(z.string().min(1).max(SUBDOMAIN_MAX).meta({ description }), DNS_SUBDOMAIN, message)
}

export interface DurationBounds {
  readonly description: string
  /** Shortest, as a duration text. */
  readonly min: string
  /** Longest, as a duration text. */
  readonly max: string
}

/** CEL that says whether a text is one. A rule that reads it asks first, or the API server tells of its own trouble too. */
export const celIsDuration = (text: string): string => `${text}.matches(r'${DURATION_PATTERN.source}')`

/** A duration text such as 5s or 1m30s; read it with `parseDuration`. */
export function durationText(bounds: DurationBounds): z.ZodString {
  const { description, min, max } = bounds
  const message = 'must be a duration such as 5s or 1m30s (units ms, s, m, h)'
  const text = mustMatch(z.string().max(DURATION_MAX_LENGTH).meta({ description }), DURATION_PATTERN, message)
  return withRule(text, {
    cel: `!${celIsDuration('self')} || (duration(self) >= duration('${min}') && duration(self) <= duration('${max}'))`,
    // Text that is no duration is the other rule's to report.
    test: (value) =>
      !DURATION_PATTERN.test(value) ||
      value.length > DURATION_MAX_LENGTH ||
      (parseDuration(value) >= parseDuration(min) && parseDuration(value) <= parseDuration(max)),
    message: `must be between ${min} and ${max}`,
  })
}

/** A person or program as a commit names it. */
export function identity(description: string): z.ZodObject<{ name: z.ZodString; email: z.ZodString }> {
  const name = mustMatch(
    z.string().min(1).max(256).meta({ description: 'Display name.' }),
    /^[^<>\p{Cc}]*[^<>.,:;\p{Z}\p{Cc}][^<>\p{Cc}]*$/u,
    'must be a name without < > and control characters',
  )
  const email = mustMatch(
    z.string().min(1).max(320).meta({ description: 'E-mail address.' }),
    /^[^<>\p{Z}\p{Cc}]+$/u,
    'must be an e-mail address without spaces, < and >',
  )
  return z.object({ name, email }).meta({ description })
}
