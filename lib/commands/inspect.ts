import { command } from '../cli/command.ts'
import { containerDocument } from '../cli/container-document.ts'
import { imageDocument } from '../cli/image-document.ts'
import { optionTable } from '../cli/options.ts'
import { compileTemplate } from '../cli/template.ts'
import { usageError } from '../cli/usage-error.ts'
import { findContainer } from '../container/find.ts'
import { findImage } from '../image/find.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { visible } from '../system/log.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const options = optionTable({
  format: { type: 'string', short: 'f', metavar: 'string', description: 'json, or a Go template' },
  type: { type: 'string', metavar: 'string', default: '', description: 'container or image; default: a container, else an image' },
})

export const inspect = command({
  name: 'inspect',
  summary: 'Return low-level information on containers and images',
  usage: '[OPTIONS] NAME|ID [NAME|ID...]',
  options,
  positionals: { min: 1, max: Infinity, complete: 'container' },
  async run({ options, positionals }, globals) {
    if (!['', 'container', 'image'].includes(options.type))
      throw usageError(`${JSON.stringify(options.type)} is not a valid value for --type`, 'container or image')
    const render = options.format === undefined || options.format === 'json' ? undefined : compileTemplate(options.format)
    const context = await openContext(globals)
    const found: unknown[] = []
    const failures: LichenError[] = []
    for (const name of positionals) {
      try {
        found.push(await document(context, name, options.type))
      } catch (error) {
        if (!(error instanceof LichenError)) throw error
        failures.push(error)
      }
    }
    if (render !== undefined) printLines(found.map(render))
    else printLines([options.format === 'json' ? JSON.stringify(found) : JSON.stringify(found, null, 4)])
    const last = failures.pop()
    // As Docker: what was found is printed, each failure is said, and the command fails.
    for (const { message } of failures) process.stderr.write(`Error: ${visible(message)}\n`)
    if (last !== undefined) throw last
    return 0
  },
})

async function document(context: Context, name: string, type: string): Promise<unknown> {
  if (type === 'container') return containerDocument(await findContainer(context, name))
  if (type === 'image') return imageDocument(await findImage(context, name))
  const container = await orUndefined(findContainer(context, name), 'CONTAINER_NOT_FOUND')
  if (container !== undefined) return containerDocument(container)
  const image = await orUndefined(findImage(context, name), 'IMAGE_NOT_FOUND')
  if (image !== undefined) return imageDocument(image)
  throw new LichenError(`No such object: ${name}`, { code: 'NO_SUCH_OBJECT', exitCode: 1, hint: 'lichen ps -a, lichen images' })
}

async function orUndefined<T>(promise: Promise<T>, code: string): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof LichenError && error.code === code) return undefined
    throw error
  }
}
