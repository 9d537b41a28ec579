/** Paths by a CEL expression (cel.dev), of bounded size and time. */
import { threadCpuUsage } from 'node:process'
import { createContext, Script } from 'node:vm'
import { Environment } from '@marcbachmann/cel-js'
import type { ASTNode } from '@marcbachmann/cel-js'
import { ExactNumber } from '../objects/exact-json.ts'
import { checkPath, groupText, namespaceText, typeText } from './path.ts'
import type { PathRule } from './path-rule.ts'
import { InvalidTemplateError, NoPathError } from './template-error.ts'

/** What an expression may use by itself. */
const TEXTS = ['kind', 'group', 'version', 'resource', 'name'] as const
/** CEL keeps the words namespace and type for itself, but not after a dot. */
const EXPRESSION_VARIABLES = [...TEXTS, 'object', 'id.namespace', 'id.type', ...TEXTS.map((name) => `id.${name}`)]

const LIMITS = { maxAstNodes: 256, maxDepth: 24, maxListElements: 64, maxMapEntries: 64, maxCallArguments: 8 }
/** A path that takes longer than this is none, in milliseconds of the processor. */
const TIMEOUT_MS = 50
/** The watchdog counts all time that passes, and an evaluation of microseconds may wait for the processor as long. */
const ATTEMPTS = 3
/** Calls that go through lists; one in another would multiply their lengths. */
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])
/** Calls that look for one text in another. The watchdog does not end them, and their time is the product of both lengths. */
const SEARCHES = new Set(['contains', 'indexOf', 'lastIndexOf', 'split'])
/** A longer text of an object is not there for an expression: no path has room for it. */
const MAX_TEXT = 1_000
/** Milliseconds of the processor that evaluations may take beyond {@link FAIR_MS} each, before objects are refused unseen. */
const ALLOWANCE_MS = 1_000
/** What an evaluation may take on average; most take some microseconds. */
const FAIR_MS = 1

/**
 * Reads an expression such as `id.namespace + "/" + object.metadata.labels.team + "/" + name + ".yaml"`.
 * @param now milliseconds that this thread has had the processor
 * @throws InvalidTemplateError for what is no CEL, gives no text, is too large, has loops in loops or a regular expression
 */
export function parseExpression(source: string, now = processorMs): PathRule {
  const refuse = (problem: string): never => {
    throw new InvalidTemplateError(source, source, problem, EXPRESSION_VARIABLES, 'expression')
  }
  const environment = new Environment({ limits: LIMITS, homogeneousAggregateLiterals: false })
  environment.registerVariable('object', 'dyn').registerVariable('id', 'map<string, string>')
  for (const name of TEXTS) environment.registerVariable(name, 'string')
  let evaluate: ReturnType<typeof environment.parse>
  try {
    evaluate = environment.parse(source)
    const { valid, type, error } = evaluate.check()
    if (!valid) return refuse(firstLine(error))
    if (type !== 'string' && type !== 'dyn') return refuse(`its type is ${String(type)}, where a path is a string`)
  } catch (error) {
    if (error instanceof InvalidTemplateError) throw error
    return refuse(firstLine(error))
  }
  const problem = unbounded(evaluate.ast, false)
  if (problem !== undefined) refuse(problem)
  const usesObject = uses(evaluate.ast, 'object')
  // The engine has no clock of its own: a virtual machine's watchdog ends what takes too long.
  const script = new Script('run()')
  let variables: Readonly<Record<string, unknown>> = {}
  let allowance = ALLOWANCE_MS
  const context = createContext({ run: () => evaluate(variables) }, { codeGeneration: { strings: false, wasm: false } })
  const run = (started: number): unknown => {
    for (let attempt = 1; ; attempt++) {
      try {
        return script.runInContext(context, { timeout: TIMEOUT_MS })
      } catch (error) {
        if (!isTimeout(error) || attempt === ATTEMPTS || now() - started >= TIMEOUT_MS) throw error
      }
    }
  }
  return (object, id) => {
    allowance = Math.min(ALLOWANCE_MS, allowance + FAIR_MS)
    // Ten thousand objects of almost TIMEOUT_MS each would keep everybody waiting.
    if (allowance <= 0) throw new NoPathError('the expression takes too long for too many objects')
    const started = now()
    const texts = { kind: id.kind, group: groupText(id), version: id.version, resource: id.resource, name: id.name }
    variables = {
      ...texts,
      object: usesObject ? toCel(object) : null,
      id: new Map(Object.entries({ ...texts, namespace: namespaceText(id), type: typeText(id) })),
    }
    let path: unknown
    try {
      path = run(started)
    } catch (error) {
      throw new NoPathError(firstLine(error), { cause: error })
    } finally {
      variables = {}
      allowance -= now() - started
    }
    if (typeof path !== 'string') throw new NoPathError('the expression gives no string')
    try {
      return checkPath(path)
    } catch (error) {
      throw new NoPathError(firstLine(error), { cause: error })
    }
  }
}

function processorMs(): number {
  const { user, system } = threadCpuUsage()
  return (user + system) / 1_000
}

/** The error is one of the virtual machine's own realm: no `instanceof` knows it. */
const isTimeout = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]?.slice(0, 200) ?? ''

function unbounded(node: unknown, isInLoop: boolean): string | undefined {
  if (Array.isArray(node)) {
    for (const inner of node) {
      const problem = unbounded(inner, isInLoop)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  if (!isNode(node)) return undefined
  const { op, args } = node
  const called = op === 'rcall' || op === 'call' ? String((args as readonly unknown[])[0]) : ''
  if (called === 'matches') return 'regular expressions have no bound; use startsWith, endsWith or contains'
  if (called === 'join') return 'join has no bound'
  if (SEARCHES.has(called) && !isLiteral(argumentsOf(args)[0]))
    return `${called} needs a text between quotes to look for`
  const isLoop = op === 'rcall' && LOOPS.has(called)
  if (isLoop && isInLoop) return `${called} in another loop has no bound`
  return unbounded(args, isInLoop || isLoop)
}

function uses(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((inner) => uses(inner, name))
  if (!isNode(node)) return false
  return (node.op === 'id' && node.args === name) || uses(node.args, name)
}

/** Of a call with a receiver: `[name, receiver, arguments]`. */
function argumentsOf(args: unknown): readonly unknown[] {
  const last = Array.isArray(args) ? (args.at(-1) as unknown) : undefined
  return Array.isArray(last) ? last : []
}

const isLiteral = (node: unknown): boolean => isNode(node) && node.op === 'value' && typeof node.args === 'string'

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value

const isLong = (value: unknown): boolean => typeof value === 'string' && value.length > MAX_TEXT

/** Whole numbers are CEL's int, as they are for the API server. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.source) ? BigInt(value.source) : Number(value.source)
  if (Array.isArray(value)) return value.filter((item) => !isLong(item)).map(toCel)
  if (typeof value !== 'object' || value === null) return value
  // A map has no keys but its own: nothing of a prototype can be asked for.
  return new Map(
    Object.entries(value)
      .filter(([key, inner]) => key !== 'managedFields' && !isLong(inner) && key.length <= MAX_TEXT)
      .map(([key, inner]) => [key, toCel(inner)]),
  )
}
