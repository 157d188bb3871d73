// Copies a module of TypeScript, with all that it imports of this project, to a folder, as JavaScript that counts how often each branch is taken.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ts from 'typescript'

/** The counters, one byte each; the copies find them here. */
const COUNTERS = 'lichenFuzzCounters'

/**
 * @param {{ top: string, entry: string, into: string, counted: (file: string) => boolean }} input  `top` is the folder that `into` mirrors
 * @returns {{ file: string, counters: number, words: string[] }}  the copy of `entry`, how many counters there are, and the literals of what is counted
 */
export function instrument({ top, entry, into, counted }) {
  const words = new Set()
  const seen = new Set()
  let counters = 0
  const queue = [entry]
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (seen.has(file)) continue
    seen.add(file)
    const counts = counted(relative(top, file))
    const transform = (context) => (source) => {
      for (const path of imports(source)) queue.push(join(dirname(file), path))
      if (!counts) return source
      collect(source, words)
      return insert(source, context, () => counters++)
    }
    const { outputText } = ts.transpileModule(readFileSync(file, 'utf8'), {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
      transformers: { before: [transform] },
    })
    const copy = join(into, relative(top, file)).replace(/\.ts$/, '.mjs')
    mkdirSync(dirname(copy), { recursive: true })
    const linked = outputText.replace(/(\bfrom\s+'|\bimport\(')(\.[^']+)\.ts'/g, "$1$2.mjs'")
    writeFileSync(copy, `const __counters = globalThis.${COUNTERS};\n${linked}`)
  }
  const file = join(into, relative(top, entry)).replace(/\.ts$/, '.mjs')
  return { file, counters, words: [...words] }
}

/** To be called before a copy is imported. */
export function makeCounters(count) {
  const counters = new Uint8Array(count)
  globalThis[COUNTERS] = counters
  return counters
}

const imports = (source) =>
  source.statements.flatMap((statement) => {
    const isType = ts.isImportDeclaration(statement) && statement.importClause?.isTypeOnly
    const from = (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) && !isType ? statement.moduleSpecifier : undefined
    return from !== undefined && ts.isStringLiteral(from) && from.text.startsWith('.') ? [from.text] : []
  })

/** Literals are what a parser compares with: words for the mutator. */
function collect(node, words) {
  if ((ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) && node.text.length > 0 && node.text.length <= 24) words.add(node.text)
  if (ts.isPropertyAssignment(node) && (ts.isIdentifier(node.name) || ts.isStringLiteral(node.name))) words.add(node.name.text)
  ts.forEachChild(node, (child) => collect(child, words))
}

function insert(source, context, next) {
  const { factory } = context
  const count = () =>
    factory.createPostfixIncrement(factory.createElementAccessExpression(factory.createIdentifier('__counters'), factory.createNumericLiteral(next())))
  const statement = () => factory.createExpressionStatement(count())
  const counted = (expression) => factory.createParenthesizedExpression(factory.createComma(count(), expression))
  const block = (node) => (ts.isBlock(node) ? factory.updateBlock(node, [statement(), ...node.statements]) : factory.createBlock([statement(), node]))
  const visit = (node) => {
    const done = ts.visitEachChild(node, visit, context)
    if (ts.isIfStatement(done))
      return factory.updateIfStatement(done, done.expression, block(done.thenStatement), block(done.elseStatement ?? factory.createBlock([])))
    if (ts.isForStatement(done)) return factory.updateForStatement(done, done.initializer, done.condition, done.incrementor, block(done.statement))
    if (ts.isForOfStatement(done)) return factory.updateForOfStatement(done, done.awaitModifier, done.initializer, done.expression, block(done.statement))
    if (ts.isWhileStatement(done)) return factory.updateWhileStatement(done, done.expression, block(done.statement))
    if (ts.isCaseClause(done)) return factory.updateCaseClause(done, done.expression, [statement(), ...done.statements])
    if (ts.isDefaultClause(done)) return factory.updateDefaultClause(done, [statement(), ...done.statements])
    if (ts.isCatchClause(done)) return factory.updateCatchClause(done, done.variableDeclaration, block(done.block))
    if (ts.isFunctionDeclaration(done) && done.body !== undefined)
      return factory.updateFunctionDeclaration(
        done,
        done.modifiers,
        done.asteriskToken,
        done.name,
        done.typeParameters,
        done.parameters,
        done.type,
        block(done.body),
      )
    if (ts.isMethodDeclaration(done) && done.body !== undefined)
      return factory.updateMethodDeclaration(
        done,
        done.modifiers,
        done.asteriskToken,
        done.name,
        done.questionToken,
        done.typeParameters,
        done.parameters,
        done.type,
        block(done.body),
      )
    if (ts.isArrowFunction(done)) {
      const body = ts.isBlock(done.body) ? block(done.body) : counted(done.body)
      return factory.updateArrowFunction(done, done.modifiers, done.typeParameters, done.parameters, done.type, done.equalsGreaterThanToken, body)
    }
    if (ts.isConditionalExpression(done))
      return factory.updateConditionalExpression(done, done.condition, done.questionToken, counted(done.whenTrue), done.colonToken, counted(done.whenFalse))
    if (ts.isBinaryExpression(done)) {
      const short = [ts.SyntaxKind.AmpersandAmpersandToken, ts.SyntaxKind.BarBarToken, ts.SyntaxKind.QuestionQuestionToken]
      if (short.includes(done.operatorToken.kind)) return factory.updateBinaryExpression(done, done.left, done.operatorToken, counted(done.right))
    }
    return done
  }
  return ts.visitEachChild(source, visit, context)
}
