import { LichenError } from '../system/errors.ts'
import { evaluate } from './template/evaluate.ts'
import { functions } from './template/functions.ts'
import { TemplateError } from './template/lexer.ts'
import { parseTemplate } from './template/parser.ts'
import { goRow, untyped } from './template/values.ts'

const names = new Set([...Object.keys(functions), 'and', 'or'])

/**
 * Compiles a Go text/template, as Docker's `--format` takes it. The result turns a value into text. Plain objects are
 * structs (an unknown field is an error), those marked by `goMap` are maps; functions among the fields are methods.
 * Throws BAD_TEMPLATE.
 */
export function compileTemplate(source: string): (data: unknown) => string {
  const template = inDockersWords(() => parseTemplate(source, names))
  return (data) => inDockersWords(() => evaluate(template, source, data))
}

/** The same for a list with a line of heads. */
export function compileTable(source: string): { line(row: object): string; head(heads: object): string } {
  const template = inDockersWords(() => parseTemplate(source, names))
  return {
    line: (row) => inDockersWords(() => evaluate(template, source, goRow(row))),
    head: (heads) => inDockersWords(() => evaluate(template, source, heads, true)),
  }
}

/**
 * The same for `inspect`. As Docker: what the types have no answer for is asked of the document's JSON, in which a missing field
 * is an error and null is `<no value>`. A template that can't be parsed is exit code 64.
 */
export function compileInspectTemplate(source: string): (document: unknown) => string {
  const template = inDockersWords(() => parseTemplate(source, names), 64)
  return (document) => {
    try {
      return evaluate(template, source, document)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      return inDockersWords(() => evaluate(template, source, untyped(document)))
    }
  }
}

function inDockersWords<T>(work: () => T, exitCode = 1): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new LichenError(`template parsing error: ${error.message}`, { code: 'BAD_TEMPLATE', exitCode, cause: error })
  }
}
