import { LichenError } from '../system/errors.ts'
import { readFile } from '../system/small-files.ts'

/** Words in a file's place that mean no file. */
const WORDS = ['unconfined', 'builtin', 'default', '']

/**
 * Puts the text of the profile in the place of FILE in `seccomp=FILE`, as Docker's client does: the container is what it was created
 * as when the file is changed, removed, or meant from another folder. Throws BAD_SECCOMP.
 */
export function inlineSeccompProfiles(securityOpt: readonly string[]): Promise<string[]> {
  return Promise.all(
    securityOpt.map(async (option) => {
      const [, key, value = ''] = /^(seccomp[=:])(.*)$/s.exec(option) ?? []
      if (key === undefined || WORDS.includes(value) || value.startsWith('{')) return option
      return `seccomp=${await readProfile(value)}`
    }),
  )
}

async function readProfile(path: string): Promise<string> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    // "ENOENT: no such file or directory, open '/x'" in Go's order.
    const { message, syscall = 'open' } = error as NodeJS.ErrnoException
    throw bad(`opening seccomp profile (${path}) failed: ${syscall} ${path}: ${message.replace(/^E\w+: (.*?), .*$/s, '$1')}`, error)
  }
  try {
    return JSON.stringify(JSON.parse(text))
  } catch (error) {
    throw bad(`the seccomp profile ${path} is not valid JSON: ${(error as Error).message}`, error)
  }
}

const bad = (message: string, cause: unknown) =>
  new LichenError(message, {
    code: 'BAD_SECCOMP',
    hint: 'seccomp=FILE takes a JSON file in the form of the OCI specification (linux.seccomp) or of Docker; seccomp=unconfined goes without',
    cause,
  })
