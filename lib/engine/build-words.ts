import { withoutPasswords } from '../build/git-address.ts'
import type { Stage } from '../build/stages.ts'
import type { Step } from '../build/work.ts'
import type { Platform } from '../image/manifest.ts'
import { fitsPlatform, formatPlatform, hostPlatform, parsePlatform } from '../image/platform.ts'
import { LichenError } from '../system/errors.ts'

/** Of an image that begins with nothing. */
export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** FROM, and what works on files. */
export const stepsOf = ({ instructions }: Stage): number => 1 + instructions.filter(({ name }) => ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(name)).length

/** Of an instruction, lines. */
const SHOWN = 20

const MAKE_ROOM = 'make room (lichen rmi, lichen rm, lichen builder prune), or give a data root elsewhere (--root PATH); steps that were done stay in the cache'

/** The lines of the Dockerfile come with what went wrong at them. */
export function located(error: unknown, { at, source }: Step): unknown {
  if (!(error instanceof LichenError) || error.code === 'BAD_DOCKERFILE') return error
  const { code } = error
  const message = code === 'CONTAINER_NOT_FOUND' ? 'somebody has removed the container that the step worked in' : error.message
  const hint = code === 'DISK_FULL' ? MAKE_ROOM : error.hint
  const lines = source.lines.slice(at.line - 1, Math.min(at.endLine, at.line - 1 + SHOWN))
  const line = `${source.file}:${at.line}: ${withoutPasswords(lines.join('\n'))}`
  return new LichenError(`failed to build: ${message}`, { code, exitCode: 1, cause: error, hint: hint === undefined ? line : `${line}\n${hint}` })
}

/** Programs for other machines need an interpreter that the kernel knows, and has opened before (binfmt_misc, flag F): the container has none. */
export function ofPlatform(error: unknown, platform: Platform): unknown {
  if (!(error instanceof LichenError) || !['EXEC_FAILED', 'EXEC_NOT_FOUND'].includes(error.code) || fitsPlatform(platform, hostPlatform(process.arch)))
    return error
  const { message, code, exitCode } = error
  const hint = `the step is of ${formatPlatform(platform)}, whose programs run here with an interpreter alone: sudo apt-get install qemu-user-static`
  return new LichenError(message, { code, exitCode, cause: error, hint })
}

/** What a step is as old as, with --timestamp. */
export const fixedTime = (timestamp: number | undefined): string | undefined =>
  timestamp === undefined ? undefined : new Date(timestamp * 1000).toISOString().replace('.000Z', 'Z')

/** `linux/amd64,linux/arm64`: each once, in their order; none: this machine's. Throws BAD_PLATFORM. */
export const targetPlatforms = (text: string): Platform[] =>
  [...new Set(text.split(',').map((word) => word.trim()))].filter((word) => word !== '').map(parsePlatform)

/** The one that runs here comes last. */
export function hostLast(platforms: readonly Platform[]): Platform[] {
  const host = hostPlatform(process.arch)
  return [...platforms].sort((a, b) => Number(fitsPlatform(a, host)) - Number(fitsPlatform(b, host)))
}

/** BUILDPLATFORM, TARGETARCH and their kin. */
export function platformArgs(target: Platform): Map<string, string> {
  const host = hostPlatform(process.arch)
  const of = (prefix: string, platform: Platform): [string, string][] => [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ]
  return new Map([...of('BUILD', host), ...of('TARGET', target)])
}
