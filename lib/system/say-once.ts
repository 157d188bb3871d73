import type { Context } from './context.ts'
import { warning } from './log.ts'
import { writeFile } from './small-files.ts'

/** Said once, until the run folder is emptied by a logout or a reboot. */
export async function warnOncePerBoot(context: Context, topic: string, message: () => string): Promise<void> {
  try {
    await writeFile(`${context.paths.run}/said-${topic}`, '', { flag: 'wx', mode: 0o600 })
  } catch {
    return
  }
  warning(message())
}
