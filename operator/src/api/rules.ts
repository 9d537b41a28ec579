import type { z } from 'zod'

/** A CEL rule as a CustomResourceDefinition carries it. */
export interface CelRule {
  readonly rule: string
  readonly message: string
  /** The field that is wrong, where it is not the one that has the rule: `.resources`. */
  readonly fieldPath?: string
}

export interface Rule<T> {
  /** The check as the API server runs it (`self` is the value). Cost is bounded by the field's max lengths. */
  readonly cel: string
  /** The same check in process, for objects that no API server has validated. */
  readonly test: (value: T) => boolean
  /** What is wrong and what to write instead; shown by kubectl. */
  readonly message: string
  /** The field of the object that is wrong, where the rule is about several; named in errors. Default: the object. */
  readonly field?: string
}

const VALIDATIONS = 'x-kubernetes-validations'

/** Adds a check that holds in the API server and in process alike. */
export function withRule<S extends z.ZodType>(schema: S, rule: Rule<z.output<S>>): S {
  const meta = schema.meta() ?? {}
  const earlier = (meta[VALIDATIONS] ?? []) as readonly CelRule[]
  const checked = schema.refine(rule.test, {
    error: rule.message,
    ...(rule.field === undefined ? {} : { path: [rule.field] }),
  })
  const celRule: CelRule = {
    rule: rule.cel,
    message: rule.message,
    ...(rule.field === undefined ? {} : { fieldPath: `.${rule.field}` }),
  }
  return checked.meta({ ...meta, [VALIDATIONS]: [...earlier, celRule] })
}

/** The text must match. `pattern` must be RE2 (no look-around, no back-references) without a single quote. */
export function mustMatch<S extends z.ZodType<string>>(schema: S, pattern: RegExp, message: string): S {
  return withRule(schema, { cel: `self.matches(${celRegex(pattern)})`, test: (value) => pattern.test(value), message })
}

/** The text must not match; `pattern` as for {@link mustMatch}. */
export function mustNotMatch<S extends z.ZodType<string>>(schema: S, pattern: RegExp, message: string): S {
  return withRule(schema, {
    cel: `!self.matches(${celRegex(pattern)})`,
    test: (value) => !pattern.test(value),
    message,
  })
}

function celRegex(pattern: RegExp): string {
  if (pattern.source.includes("'") || pattern.global || pattern.sticky) {
    throw new TypeError(`${String(pattern)}: a rule's pattern has no quote and no g or y flag`)
  }
  // RE2 has no escape for the slash.
  const source = pattern.source.replaceAll(String.raw`\/`, '/')
  return `r'${pattern.ignoreCase ? '(?i)' : ''}${source}'`
}
