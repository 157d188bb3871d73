import { compilePattern } from './ignore.ts'

/** Whether a path is a pattern of Go's filepath.Match. */
export const hasWildcard = (path: string): boolean => /[*?[\\]/.test(path)

/** Whether one component of a path fits. Throws SyntaxError for a pattern that is none. */
export function globMatcher(component: string): (name: string) => boolean {
  const wildcards = compilePattern(component)
  const { source } = wildcards
  if (source === undefined) return (name) => wildcards.fits([...name])
  const expression = new RegExp(`^${source}$`, 'su')
  return (name) => expression.test(name)
}
