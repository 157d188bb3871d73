import { lex, syntaxError, type Token } from './lexer.ts'
import { unquote } from './literals.ts'
import type { Command, Node, Operand, Pipeline } from './syntax.ts'

/** Parses Go's text/template, without `define`, `block` and `template`. Throws TemplateError in Go's words. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): Node[] {
  const tokens = lex(source)
  const variables = ['$']
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
      nodes.push(statement(word))
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
      default:
        return fail(word, `{{${word.text}}} is not supported`)
    }
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
    if (peek().kind === 'variable') {
      const back = position
      names.push(next().text)
      skipSpace()
      if (context === 'range' && peek().kind === 'comma') {
        next()
        skipSpace()
        if (peek().kind !== 'variable') unexpected(peek(), context)
        names.push(next().text)
        skipSpace()
      }
      if (peek().kind === 'declare' || peek().kind === 'assign') declares = next().kind === 'declare'
      else {
        if (names.length > 1) unexpected(peek(), context)
        names.length = 0
        position = back
      }
    }
    for (const name of names) if (!declares && !variables.includes(name)) fail(peek(), `undefined variable ${JSON.stringify(name)}`)
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
      if (peek().kind === 'pipe') {
        next()
        skipSpace()
        if (peek().kind === end) fail(peek(), `missing value for ${context}`)
      }
    }
    for (const { operands, at: place } of commands.slice(1)) {
      const kind = operands[0]!.kind
      if (kind === 'literal' || kind === 'dot' || kind === 'nil') {
        throw syntaxError(source, place, `non executable command in pipeline stage ${commands.findIndex((c) => c.at === place) + 1}`)
      }
    }
    if (declares) variables.push(...names)
    return { at, source: source.slice(at, tokens[position - 1]!.at).trim(), variables: names, declares, commands }
  }

  function command(context: string): Command {
    const at = peek().at
    const operands: Operand[] = []
    for (;;) {
      skipSpace()
      const kind = peek().kind
      if (kind === 'pipe' || kind === 'close' || kind === 'right') break
      operands.push(operand(context))
      const after = peek()
      if (after.kind !== 'space' && after.kind !== 'pipe' && after.kind !== 'close' && after.kind !== 'right') unexpected(after, 'operand')
    }
    if (operands.length === 0) fail(peek(), 'empty command')
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
    if (peek().kind !== 'field') return base
    const names = fields()
    if (base.kind === 'literal' || base.kind === 'nil') fail(peek(), `unexpected . after term ${JSON.stringify(base.source)}`)
    return { kind: 'chain', operand: base, names, ...place() }
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
        return { kind: 'field', names, ...place() }
      }
      case 'variable': {
        if (!variables.includes(token.text)) fail(token, `undefined variable ${JSON.stringify(token.text)}`)
        const names = fields()
        return { kind: 'variable', name: token.text, names, ...place() }
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

  return list(true).nodes
}

/** As Go's lexer shows a token in a message. */
function show(token: Token): string {
  if (token.kind === 'eof') return 'EOF'
  if (token.kind === 'keyword') return `<${token.text}>`
  return token.text.length > 10 ? `${JSON.stringify(token.text.slice(0, 10))}...` : JSON.stringify(token.text)
}
