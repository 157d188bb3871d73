import { withoutPasswords } from '../build/git-address.ts'
import type { Stage } from '../build/stages.ts'
import type { Step } from '../build/work.ts'
import type { Platform } from '../image/manifest.ts'
import { formatPlatform, hostPlatform, parsePlatform } from '../image/platform.ts'
import { LichenError } from '../system/errors.ts'

/** Of an image that begins with nothing. */
export const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** FROM, and what works on files. */
export const stepsOf = ({ instructions }: Stage): number => 1 + instructions.filter(({ name }) => ['RUN', 'COPY', 'ADD', 'WORKDIR'].includes(name)).length

/** Of an instruction, lines. */
const SHOWN = 20

/** The lines of the Dockerfile come with what went wrong at them. */
export function located(error: unknown, { at, source }: Step): unknown {
  if (!(error instanceof LichenError) || error.code === 'BAD_DOCKERFILE') return error
  const { message, code, hint } = error
  const lines = source.lines.slice(at.line - 1, Math.min(at.endLine, at.line - 1 + SHOWN))
  const line = `${source.file}:${at.line}: ${withoutPasswords(lines.join('\n'))}`
  return new LichenError(`failed to build: ${message}`, { code, exitCode: 1, cause: error, hint: hint === undefined ? line : `${line}\n${hint}` })
}

/** What `--platform` says, else this machine. Throws BAD_PLATFORM. */
export const targetPlatform = (platform: string | undefined): Platform => (platform === undefined ? hostPlatform(process.arch) : parsePlatform(platform))

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
