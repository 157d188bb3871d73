import { compilePattern } from './ignore.ts'

/** Whether a path is a pattern of Go's filepath.Match. */
export const hasWildcard = (path: string): boolean => /[*?[\\]/.test(path)

/** Whether one component of a path fits. Throws SyntaxError for a pattern that is none. */
export function globMatcher(component: string): (name: string) => boolean {
  const wildcards = compilePattern(component)
  return (name) => wildcards.fits([...name])
}
