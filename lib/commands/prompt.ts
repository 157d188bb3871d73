import { LichenError } from '../system/errors.ts'

/** All of standard input, without the line's end. */
export async function readSecret(): Promise<string> {
  const parts: Buffer[] = []
  let size = 0
  for await (const part of process.stdin as AsyncIterable<Buffer>) {
    size += part.length
    if (size > 64 * 1024) throw new LichenError('what standard input gives is too long for a password', { code: 'USAGE' })
    parts.push(part)
  }
  return Buffer.concat(parts)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

/** Asks on the terminal. What is typed is shown unless `hidden`. Throws INTERRUPTED at ^C and ^D. */
export function ask(question: string, { hidden }: { hidden: boolean }): Promise<string> {
  const { stdin, stdout } = process
  // Before the question: who sees it may type at once.
  stdin.setRawMode(true)
  stdout.write(question)
  stdin.setEncoding('utf8')
  return new Promise((resolve, reject) => {
    let typed = ''
    const end = (finish: () => void) => {
      stdin.off('data', read)
      stdin.setRawMode(false)
      stdin.pause()
      stdout.write('\n')
      finish()
    }
    const read = (text: string) => {
      for (const character of text) {
        if (character === '\r' || character === '\n') return end(() => resolve(typed))
        if (character === '\x03' || (character === '\x04' && typed === ''))
          return end(() => reject(new LichenError('interrupted', { code: 'INTERRUPTED', exitCode: 130 })))
        if (character === '\x7f' || character === '\b') {
          if (typed !== '' && !hidden) stdout.write('\b \b')
          typed = [...typed].slice(0, -1).join('')
        } else if (character >= ' ') {
          typed += character
          if (!hidden) stdout.write(character)
        }
      }
    }
    stdin.on('data', read)
    stdin.resume()
  })
}
