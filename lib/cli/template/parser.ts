import { lex, syntaxError, type Token } from './lexer.ts'
import { unquote } from './literals.ts'
import type { Command, Node, Operand, Pipeline, Template } from './syntax.ts'

/** Parses Go's text/template. Throws TemplateError in Go's words. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Template {
  const tokens = lex(source)
  const named = new Map<string, Node[]>()
  let variables = ['$']
  let position = 0
  let loops = 0

  const peek = (): Token => tokens[position]!
  const next = (): Token => tokens[position++]!
  const skipSpace = () => {
    while (peek().kind === 'space') position++
  }
  const fail = (token: Token, message: string): never => {
    throw syntaxError(source, token.at, message)
  }
  const unexpected = (token: Token, context: string): never => fail(token, `unexpected ${show(token)} in ${context}`)

  /** Nodes up to `{{end}}` or `{{else`, or the end of the source where `top`. */
  function list(top: boolean): { nodes: Node[]; end: 'end' | 'else' | 'eof' } {
    const nodes: Node[] = []
    for (;;) {
      const token = next()
      if (token.kind === 'eof') {
        if (!top) fail(token, 'unexpected EOF')
        return { nodes, end: 'eof' }
      }
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text })
        continue
      }
      skipSpace()
      const word = peek()
      if (word.kind !== 'keyword') {
        nodes.push({ kind: 'action', pipeline: pipeline('command', 'close') })
        continue
      }
      next()
      if (word.text === 'end' || word.text === 'else') {
        if (top) fail(word, `unexpected {{${word.text}}}`)
        if (word.text === 'end') close('end')
        return { nodes, end: word.text }
      }
      if (word.text === 'define' && top) define()
      else nodes.push(statement(word))
    }
  }

  function statement(word: Token): Node {
    switch (word.text) {
      case 'if':
      case 'range':
      case 'with':
        return control(word.text)
      case 'break':
      case 'continue':
        if (loops === 0) fail(word, `{{${word.text}}} outside {{range}}`)
        close(word.text)
        return { kind: word.text }
      case 'template':
        return callTemplate()
      case 'block':
        return block()
      default:
        return unexpected(word, 'command')
    }
  }

  function templateName(context: string): { token: Token; name: string } {
    skipSpace()
    const token = next()
    if (token.kind !== 'string') unexpected(token, context)
    return { token, name: String(unquote(token.text)) }
  }

  /** The body of `define` and `block`: it sees no variable of its surroundings. */
  function define(name = templateName('define clause').name, context = 'define clause'): void {
    if (context === 'define clause') close(context)
    const outside = [variables, loops] as const
    variables = ['$']
    loops = 0
    const { nodes, end } = list(false)
    if (end !== 'end') fail(peek(), `unexpected {{else}} in ${context}`)
    ;[variables, loops] = outside
    named.set(name, nodes)
  }

  function callTemplate(): Node {
    const { token, name } = templateName('template clause')
    skipSpace()
    const argument = peek().kind === 'close' ? undefined : pipeline('template clause', 'close')
    if (argument === undefined) next()
    return {
      kind: 'template',
      name,
      pipeline: argument,
      at: token.at,
      source: `{{template ${token.text}${argument === undefined ? '' : ` ${argument.source}`}}}`,
    }
  }

  function block(): Node {
    const { token, name } = templateName('block clause')
    const argument = pipeline('block clause', 'close')
    define(name, 'block clause')
    return { kind: 'template', name, pipeline: argument, at: token.at, source: `{{template ${token.text} ${argument.source}}}` }
  }

  function control(kind: 'if' | 'range' | 'with'): Node {
    const mark = variables.length
    const head = pipeline(kind, 'close')
    if (kind === 'range') loops++
    const { nodes: body, end } = list(false)
    if (kind === 'range') loops--
    let otherwise: Node[] = []
    if (end === 'else') {
      skipSpace()
      const word = peek()
      // {{else if x}} is {{else}}{{if x}}...{{end}} with one end for both; so is {{else with}}.
      if (word.kind === 'keyword' && word.text === kind && kind !== 'range') {
        next()
        otherwise = [control(kind)]
      } else {
        close('else')
        const rest = list(false)
        if (rest.end === 'else') fail(peek(), 'expected end; found {{else}}')
        otherwise = rest.nodes
      }
    }
    variables.length = mark
    return { kind, pipeline: head, body, otherwise }
  }

  function close(context: string): void {
    skipSpace()
    const token = next()
    if (token.kind !== 'close') unexpected(token, context)
  }

  function pipeline(context: string, end: 'close' | 'right'): Pipeline {
    skipSpace()
    const at = peek().at
    const names: string[] = []
    let declares = false
    while (peek().kind === 'variable') {
      const back = position
      const name = next().text
      skipSpace()
      const after = peek().kind
      if (after !== 'declare' && after !== 'assign' && after !== 'comma') {
        position = back
        break
      }
      next()
      skipSpace()
      names.push(name)
      // Go takes a variable that is only assigned to for known, and fails when it comes to it.
      variables.push(name)
      if (after !== 'comma') {
        declares = after === 'declare'
        break
      }
      if (context !== 'range' || names.length === 2) fail(peek(), `too many declarations in ${context}`)
      if (peek().kind !== 'variable') fail(peek(), 'range can only initialize variables')
    }
    const commands: Command[] = []
    for (;;) {
      skipSpace()
      const token = peek()
      if (token.kind === end) {
        if (commands.length === 0) fail(token, `missing value for ${context}`)
        next()
        break
      }
      if (commands.length > 0 && tokens[position - 1]?.kind === 'space' && token.kind === 'close') unexpected(token, context)
      commands.push(command(context))
      if (peek().kind === 'pipe') next()
    }
    for (const { operands, at: place } of commands.slice(1)) {
      const kind = operands[0]!.kind
      if (kind === 'literal' || kind === 'dot' || kind === 'nil') {
        throw syntaxError(source, place, `non executable command in pipeline stage ${commands.findIndex((c) => c.at === place) + 1}`)
      }
    }
    return { at, source: source.slice(at, tokens[position - 1]!.at).trim(), variables: names, declares, commands }
  }

  function command(context: string): Command {
    const at = peek().at
    const operands: Operand[] = []
    for (;;) {
      skipSpace()
      const kind = peek().kind
      if (kind === 'pipe' || kind === 'close' || kind === 'right') break
      operands.push(operand(operands.length === 0 ? context : 'operand'))
      const after = peek()
      if (after.kind !== 'space' && after.kind !== 'pipe' && after.kind !== 'close' && after.kind !== 'right') unexpected(after, 'operand')
    }
    if (operands.length === 0) unexpected(peek(), context)
    return { at, source: source.slice(at, peek().at).trim(), operands }
  }

  function fields(): string[] {
    const names: string[] = []
    while (peek().kind === 'field') names.push(next().text.slice(1))
    return names
  }

  function operand(context: string): Operand {
    const token = next()
    const { at } = token
    const place = () => ({ at, source: source.slice(at, peek().at) })
    const base = term(token, context, place)
    const more = peek()
    if (more.kind !== 'field') return base
    const names = fields()
    if (base.kind === 'literal' || base.kind === 'nil') fail(peek(), `unexpected . after term ${JSON.stringify(base.source)}`)
    return { kind: 'chain', operand: base, names, ...place(), at: more.at }
  }

  function term(token: Token, context: string, place: () => { at: number; source: string }): Operand {
    switch (token.kind) {
      case 'dot':
        return { kind: 'dot', ...place() }
      case 'nil':
        return { kind: 'nil', ...place() }
      case 'bool':
        return { kind: 'literal', value: token.text === 'true', ...place() }
      case 'string':
      case 'number':
        try {
          return { kind: 'literal', value: unquote(token.text), ...place() }
        } catch (error) {
          return fail(token, (error as Error).message)
        }
      case 'field': {
        position--
        const names = fields()
        // Go's messages point to the second field of several.
        return { kind: 'field', names, ...place(), at: tokens[position - Math.max(1, names.length - 1)]!.at }
      }
      case 'variable': {
        if (!variables.includes(token.text)) fail(token, `undefined variable ${JSON.stringify(token.text)}`)
        const first = peek()
        const names = fields()
        return { kind: 'variable', name: token.text, names, ...place(), at: names.length > 0 ? first.at : token.at }
      }
      case 'identifier':
        if (!functions.has(token.text)) fail(token, `function ${JSON.stringify(token.text)} not defined`)
        return { kind: 'function', name: token.text, ...place() }
      case 'left': {
        const inner = pipeline('parenthesized pipeline', 'right')
        return { kind: 'pipeline', pipeline: inner, ...place() }
      }
      default:
        return unexpected(token, context)
    }
  }

  return { nodes: list(true).nodes, named }
}

/** As Go's lexer shows a token in a message. */
function show(token: Token): string {
  if (token.kind === 'eof') return 'EOF'
  if (token.kind === 'keyword' || token.kind === 'dot' || token.kind === 'nil') return `<${token.text}>`
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text)
}
