/** Words of an instruction's rest, as the Dockerfile has them: quotes, backslashes, `$NAME`, `${NAME:-word}` and `${NAME:+word}`. Pure. */
export function changeWords(text: string, env: readonly string[]): string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (character === '\\' && quote !== "'" && at + 1 < text.length) {
      const next = text[++at]!
      word += quote === '"' && !'"\\$'.includes(next) ? `\\${next}` : next
    } else if (character === quote) quote = ''
    else if (quote === '' && (character === '"' || character === "'")) quote = character
    else if (character === '$' && quote !== "'") {
      const variable = VARIABLE.exec(text.slice(at))
      word += variable === null ? '$' : substitute(variable, env)
      at += (variable?.[0].length ?? 1) - 1
    } else word += character
  }
  if (quote !== '') throw new SyntaxError(`unexpected end of statement while looking for matching ${quote === '"' ? 'double' : 'single'}-quote`)
  if (word !== undefined) words.push(word)
  return words
}

const VARIABLE = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])([^}]*))?\})/

function substitute([, plain, braced, operator, word = '']: RegExpExecArray, env: readonly string[]): string {
  const name = plain ?? braced!
  const value = env.findLast((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1) ?? ''
  if (operator === '-') return value === '' ? word : value
  if (operator === '+') return value === '' ? '' : word
  return value
}
