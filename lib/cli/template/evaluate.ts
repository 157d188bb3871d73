import { wrongCount, wrongType } from './arguments.ts'
import { functions } from './functions.ts'
import { TemplateError } from './lexer.ts'
import type { Command, Node, Operand, Pipeline, Template } from './syntax.ts'
import { display, fieldOf, isMap, isObject, isRaw, isTrue, keysOf, typeName } from './values.ts'

interface State {
  source: string
  named: Template['named']
  /** It is the heads of a table that are written. */
  heads: boolean
  /** Templates in templates: Go ends with an error, too. */
  depth: number
  output: string[]
  variables: { name: string; value: unknown }[]
}

const jumps = { break: Symbol('break'), continue: Symbol('continue') }

const deepest = 1000

const ofValues = new Set(['json', 'lower', 'title', 'truncate', 'upper'])

/** Carries out a parsed template on `data`. In the `heads` of a table they stay as they are whatever is made of the values, as Docker's. Throws TemplateError in Go's words. */
export function evaluate({ nodes, named }: Template, source: string, data: unknown, heads = false): string {
  const state: State = { source, named, heads, depth: 0, output: [], variables: [{ name: '$', value: data }] }
  walk(state, nodes, data)
  return state.output.join('')
}

function fail(state: State, place: { at: number; source: string }, message: string): never {
  const before = state.source.slice(0, place.at)
  const line = before.split('\n').length
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))
  throw new TemplateError(`template: :${line}:${column}: executing "" at <${place.source}>: ${message}`)
}

function walk(state: State, nodes: readonly Node[], dot: unknown): void {
  const mark = state.variables.length
  for (const node of nodes) {
    switch (node.kind) {
      case 'text':
        state.output.push(node.text)
        break
      case 'action': {
        const value = evaluatePipeline(state, node.pipeline, dot)
        if (node.pipeline.variables.length === 0) state.output.push(value === undefined ? '<no value>' : display(value))
        break
      }
      case 'break':
      case 'continue':
        throw jumps[node.kind]
      case 'range':
        range(state, node, dot)
        break
      case 'template':
        callTemplate(state, node, dot)
        break
      default: {
        const inner = state.variables.length
        const value = evaluatePipeline(state, node.pipeline, dot)
        if (isTrue(value)) walk(state, node.body, node.kind === 'with' ? value : dot)
        else walk(state, node.otherwise, dot)
        state.variables.length = inner
      }
    }
  }
  state.variables.length = mark
}

function callTemplate(state: State, node: Extract<Node, { kind: 'template' }>, dot: unknown): void {
  const body = state.named.get(node.name)
  if (body === undefined) fail(state, node, `template ${JSON.stringify(node.name)} not defined`)
  if (state.depth === deepest) fail(state, node, `exceeded maximum template depth (${deepest})`)
  const argument = node.pipeline === undefined ? undefined : evaluatePipeline(state, node.pipeline, dot)
  walk({ ...state, depth: state.depth + 1, variables: [{ name: '$', value: argument }] }, body, argument)
}

function range(state: State, node: Extract<Node, { kind: 'if' | 'range' | 'with' }>, dot: unknown): void {
  const mark = state.variables.length
  const { variables } = node.pipeline
  const value = evaluatePipeline(state, { ...node.pipeline, variables: [] }, dot)
  const items = entries(state, node.pipeline, value)
  if (items.length === 0) walk(state, node.otherwise, dot)
  try {
    for (const [key, item] of items) {
      state.variables.length = mark
      const bound = variables.length === 2 ? [key, item] : [item]
      for (const [at, name] of variables.entries()) bind(state, node.pipeline, name, bound[at])
      try {
        walk(state, node.body, item)
      } catch (jump) {
        if (jump !== jumps.continue) throw jump
      }
    }
  } catch (jump) {
    if (jump !== jumps.break) throw jump
  }
  state.variables.length = mark
}

function entries(state: State, pipeline: Pipeline, value: unknown): [unknown, unknown][] {
  if (value === undefined || value === null) return []
  if (Array.isArray(value)) return value.map((item, at) => [at, item])
  if (isObject(value)) return keysOf(value).map((key) => [key, value[key]])
  if (typeof value === 'number' && Number.isInteger(value)) return Array.from({ length: Math.max(0, value) }, (_, at) => [at, at])
  return fail(state, pipeline, `range can't iterate over ${display(value)}`)
}

function bind(state: State, { declares, commands }: Pipeline, name: string, value: unknown): void {
  if (declares) {
    state.variables.push({ name, value })
    return
  }
  const known = state.variables.findLast((variable) => variable.name === name)
  if (known === undefined) fail(state, commands.at(-1)!.operands.at(-1)!, `undefined variable: ${name}`)
  known.value = value
}

function evaluatePipeline(state: State, pipeline: Pipeline, dot: unknown): unknown {
  let value: unknown
  for (const [at, command] of pipeline.commands.entries()) value = evaluateCommand(state, command, dot, at === 0 ? [] : [value])
  for (const name of pipeline.variables) bind(state, pipeline, name, value)
  return value
}

/** `piped` holds the value of the command in front, if there is one: it becomes the last argument. */
function evaluateCommand(state: State, command: Command, dot: unknown, piped: unknown[]): unknown {
  const [first, ...rest] = command.operands as [Operand, ...Operand[]]
  const values = () => [...rest.map((operand) => evaluateOperand(state, operand, dot)), ...piped]
  switch (first.kind) {
    case 'function':
      return callFunction(state, first, command, dot, piped)
    case 'field':
      return resolve(state, first, dot, first.names, values())
    case 'chain':
      return resolve(state, first, evaluateOperand(state, first.operand, dot), first.names, values())
    case 'variable':
      return resolve(state, first, variable(state, first.name), first.names, values())
    default:
      if (rest.length + piped.length > 0) fail(state, first, `can't give argument to non-function ${first.source}`)
      if (first.kind === 'nil') fail(state, first, 'nil is not a command')
      return evaluateOperand(state, first, dot)
  }
}

function evaluateOperand(state: State, operand: Operand, dot: unknown): unknown {
  switch (operand.kind) {
    case 'dot':
      return dot
    case 'nil':
      return null
    case 'literal':
      return operand.value
    case 'field':
      return resolve(state, operand, dot, operand.names, [])
    case 'variable':
      return resolve(state, operand, variable(state, operand.name), operand.names, [])
    case 'chain':
      return resolve(state, operand, evaluateOperand(state, operand.operand, dot), operand.names, [])
    case 'pipeline':
      return evaluatePipeline(state, operand.pipeline, dot)
    case 'function':
      return callFunction(state, operand, { ...operand, operands: [operand] }, dot, [])
  }
}

const variable = (state: State, name: string): unknown => state.variables.findLast((known) => known.name === name)?.value

/** `.A.B` from `base`; `values` go to the last of them, which must be a method then. */
function resolve(state: State, place: Operand, base: unknown, names: readonly string[], values: unknown[]): unknown {
  if (names.length === 0) {
    if (values.length > 0) fail(state, place, `can't give argument to non-function ${place.source}`)
    return base
  }
  return names.reduce<unknown>((receiver, name, at) => field(state, place, receiver, name, at === names.length - 1 ? values : []), base)
}

function field(state: State, place: Operand, receiver: unknown, name: string, values: unknown[]): unknown {
  // What a missing key of a map gives has fields without end, as with Go's missingkey=default.
  if (receiver === undefined) return undefined
  if (receiver === null) fail(state, place, `nil pointer evaluating interface {}.${name}`)
  const untyped = isObject(state.variables[0]!.value) && isRaw(state.variables[0]!.value)
  if (!isObject(receiver)) fail(state, place, `can't evaluate field ${name} in type ${untyped ? 'interface {}' : typeName(receiver)}`)
  if (isMap(receiver) && values.length > 0) fail(state, place, `${name} is not a method but has arguments`)
  if (isMap(receiver)) {
    if (!Object.hasOwn(receiver, name) && isRaw(receiver)) fail(state, place, `map has no entry for key ${JSON.stringify(name)}`)
    return Object.hasOwn(receiver, name) ? receiver[name] : undefined
  }
  const found = fieldOf(receiver, name)
  if (found === undefined) fail(state, place, `can't evaluate field ${name} in type ${typeName(receiver)}`)
  if (typeof found.value === 'function') {
    const method: (...values: unknown[]) => unknown = found.value as never
    if (values.length !== method.length) fail(state, place, `wrong number of args for ${name}: want ${method.length} got ${values.length}`)
    return method(...values)
  }
  if (values.length > 0) fail(state, place, `${name} has arguments but cannot be invoked as function`)
  return found.value
}

function callFunction(state: State, place: Extract<Operand, { kind: 'function' }>, command: Command, dot: unknown, piped: unknown[]): unknown {
  const { name } = place
  const operands = command.operands.slice(1)
  const miscounted = wrongCount(name, operands.length + piped.length)
  if (miscounted !== undefined) fail(state, place, miscounted)
  if (name === 'and' || name === 'or') {
    // Go stops at the first value that decides.
    let value: unknown
    for (const operand of operands) {
      value = evaluateOperand(state, operand, dot)
      if (isTrue(value) === (name === 'or')) return value
    }
    return piped.length > 0 ? piped[0] : value
  }
  const values = operands.map((operand, at) => {
    const value = evaluateOperand(state, operand, dot)
    const mistyped = wrongType(name, at, value, operand)
    return mistyped === undefined ? value : fail(state, operand, mistyped)
  })
  for (const value of piped) {
    const mistyped = wrongType(name, values.length, value, undefined)
    if (mistyped !== undefined) fail(state, place, mistyped)
    values.push(value)
  }
  if (state.heads && ofValues.has(name)) return values[0]
  try {
    return functions[name]!(...values)
  } catch (error) {
    return fail(state, command, `error calling ${name}: ${(error as Error).message}`)
  }
}
