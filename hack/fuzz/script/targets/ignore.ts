import { globMatcher } from '../../../../lib/build/dockerfile/glob.ts'
import { compilePattern, IgnorePatterns, readIgnoreFile } from '../../../../lib/build/dockerfile/ignore.ts'
import { allow, type FuzzTarget, must } from './target.ts'

const isSyntax = (error: unknown) => error instanceof SyntaxError && !error.message.includes('regular expression')

/** `.dockerignore`, `--exclude` and the wildcards of COPY. The first line is a path, the rest are patterns. */
export const target: FuzzTarget = {
  max: 2048,
  words: ['**/', '/**', '[a-z]', '[^a]', '\\', '!', '*', '?', 'a/b', '..', '../', '\n', '#', '*a'],
  run(input) {
    const [first = '', ...rest] = input.toString().split('\n')
    const path = first
      .split('/')
      .filter((part) => !['', '.', '..'].includes(part))
      .join('/')
    const lines = readIgnoreFile(rest.join('\n'))
    allow(() => {
      const patterns = new IgnorePatterns(lines)
      const ignored = patterns.ignores(path)
      if (path !== '' && patterns.hidesAllBelow(path))
        must(ignored && patterns.ignores(`${path}/below`), 'what hides all that is below a folder hides that, too')
    }, isSyntax)
    for (const line of lines) {
      allow(() => {
        const matches = globMatcher(line)(path)
        must(matches === compilePattern(line).fits([...path]), `${JSON.stringify(line)} fits the same, whichever way it is tried`)
      }, isSyntax)
    }
  },
}
