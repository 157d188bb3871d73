import type { Identity } from '../plan/plan.ts'
import { unshareProgram } from '../runtime/unshare.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { closeSync } from '../system/fs.ts'
import { capture, requireProgram } from '../system/spawn.ts'

/**
 * Bytes on disk below each of the paths, by the host's du: as ourselves, and where that does not suffice under the id map, for
 * files of containers may belong to anybody. A path that is not there has none.
 */
export async function diskUsage({
  context,
  identity,
  paths,
}: {
  context: Context
  identity: Identity
  paths: readonly string[]
}): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map()
  const file = await requireProgram('du')
  const argv = ['du', '-s', '-k', '--', ...paths]
  const own = await capture({ file, argv, env: { LC_ALL: 'C' } })
  if (own.code === 0 || process.geteuid?.() === 0) return parse(own.stdout)
  const [read, write] = addon.pipe({})
  try {
    const exited = unshareProgram({ context, identity, args: [file, ...argv.slice(1)], env: ['LC_ALL=C'], fds: [[1, write]] })
    closeSync(write)
    const [text] = await Promise.all([drain(read), exited])
    return parse(text)
  } finally {
    closeSync(read)
  }
}

async function drain(fd: number): Promise<string> {
  const parts: Buffer[] = []
  for (let part = await addon.readFd({ fd }); part !== null; part = await addon.readFd({ fd })) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

const parse = (text: string): Map<string, number> =>
  new Map(
    text.split('\n').flatMap((line) => {
      const [, blocks, path] = /^(\d+)\t(.*)$/.exec(line) ?? []
      return path === undefined ? [] : [[path, Number(blocks) * 1024] as const]
    }),
  )
