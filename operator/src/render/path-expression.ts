/** Paths by a CEL expression (cel.dev), of bounded size and time. */
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
/** A path that takes longer than this is none. */
const TIMEOUT_MS = 50
/** Calls that go through lists; one in another would multiply their lengths. */
const LOOPS = new Set(['all', 'exists', 'exists_one', 'map', 'filter'])

/**
 * Reads an expression such as `id.namespace + "/" + object.metadata.labels.team + "/" + name + ".yaml"`.
 * @throws InvalidTemplateError for what is no CEL, gives no text, is too large, has loops in loops or a regular expression
 */
export function parseExpression(source: string): PathRule {
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
    if (type !== 'string' && type !== 'dyn') return refuse(`it gives a ${String(type)}, where a path is a string`)
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
  const context = createContext({ run: () => evaluate(variables) }, { codeGeneration: { strings: false, wasm: false } })
  return (object, id) => {
    const texts = { kind: id.kind, group: groupText(id), version: id.version, resource: id.resource, name: id.name }
    variables = {
      ...texts,
      object: usesObject ? toCel(object) : null,
      id: new Map(Object.entries({ ...texts, namespace: namespaceText(id), type: typeText(id) })),
    }
    let path: unknown
    try {
      path = script.runInContext(context, { timeout: TIMEOUT_MS })
    } catch (error) {
      throw new NoPathError(firstLine(error), { cause: error })
    } finally {
      variables = {}
    }
    if (typeof path !== 'string') throw new NoPathError('the expression gives no string')
    try {
      return checkPath(path)
    } catch (error) {
      throw new NoPathError(firstLine(error), { cause: error })
    }
  }
}

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
  const isLoop = op === 'rcall' && LOOPS.has(called)
  if (isLoop && isInLoop) return `${called} in another loop has no bound`
  return unbounded(args, isInLoop || isLoop)
}

function uses(node: unknown, name: string): boolean {
  if (Array.isArray(node)) return node.some((inner) => uses(inner, name))
  if (!isNode(node)) return false
  return (node.op === 'id' && node.args === name) || uses(node.args, name)
}

const isNode = (value: unknown): value is ASTNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value

/** Whole numbers are CEL's int, as they are for the API server. */
function toCel(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (value instanceof ExactNumber) return /^-?\d+$/.test(value.source) ? BigInt(value.source) : Number(value.source)
  if (Array.isArray(value)) return value.map(toCel)
  if (typeof value !== 'object' || value === null) return value
  // A map has no keys but its own: nothing of a prototype can be asked for.
  return new Map(
    Object.entries(value)
      .filter(([key]) => key !== 'managedFields')
      .map(([key, inner]) => [key, toCel(inner)]),
  )
}
