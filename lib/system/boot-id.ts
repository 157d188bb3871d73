import { readFileSync } from './fs.ts'

let known: string | undefined

/** Another one after each start of the machine. */
export function bootId(): string {
  known ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return known
}

/** Without blanks around it; undefined where it can't be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}
