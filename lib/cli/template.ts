import { LichenError } from '../system/errors.ts'
import { evaluate } from './template/evaluate.ts'
import { functions } from './template/functions.ts'
import { TemplateError } from './template/lexer.ts'
import { parseTemplate } from './template/parser.ts'

const names = new Set([...Object.keys(functions), 'and', 'or'])

/**
 * Compiles a Go text/template, as Docker's `--format` takes it. The result turns a value into text. Plain objects are
 * structs (an unknown field is an error), those marked by `goMap` are maps; functions among the fields are methods.
 * Throws BAD_TEMPLATE.
 */
export function compileTemplate(source: string): (data: unknown) => string {
  const nodes = inDockersWords(() => parseTemplate(source, names))
  return (data) => inDockersWords(() => evaluate(nodes, source, data))
}

function inDockersWords<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new LichenError(`template parsing error: ${error.message}`, { code: 'BAD_TEMPLATE', exitCode: 1, cause: error })
  }
}
