import { checkDockerfile, checkSettings } from '../build/dockerfile/check.ts'
import type { Dockerfile } from '../build/dockerfile/instruction.ts'
import { listTargets, outlineTarget } from '../build/outline.ts'
import type { NamedContexts } from '../build/stages.ts'
import { type BuildCall, checkJson, outlineJson, outlineText, targetsJson, targetsText } from '../cli/build-calls.ts'
import { checkReport } from '../cli/check-report.ts'
import { platformArgs } from '../engine/build-words.ts'
import type { Platform } from '../image/manifest.ts'
import { hostPlatform } from '../image/platform.ts'
import { LichenError } from '../system/errors.ts'
import { printLines } from './print.ts'

const ARGUMENT = 'BUILDKIT_DOCKERFILE_CHECK'

export interface CallInput {
  dockerfile: Dockerfile
  buildArgs: ReadonlyMap<string, string>
  target: string | undefined
  platforms: readonly Platform[]
  contexts: NamedContexts
}

/** `--call`, `--check`: tells of a Dockerfile and builds nothing; gives the exit code. Throws BAD_DOCKERFILE, StageMissing. */
export function answerCall({ kind, json, ignoreStatus }: BuildCall, { dockerfile, platforms, ...settings }: CallInput): number {
  const { source } = dockerfile
  if (kind === 'check') {
    const findings = checkDockerfile(dockerfile, checkSettings(dockerfile.directives.check, settings.buildArgs.get(ARGUMENT)))
    printLines(json ? checkJson(findings, source) : checkReport(findings, source))
    return findings.length === 0 || ignoreStatus ? 0 : 1
  }
  const known = { ...settings, platformArgs: platformArgs(platforms[0] ?? hostPlatform(process.arch)) }
  if (kind === 'targets') {
    const targets = listTargets(dockerfile, known)
    printLines(json ? targetsJson(targets, source) : targetsText(targets))
    return 0
  }
  const outline = outlineTarget(dockerfile, known)
  printLines(json ? outlineJson(outline, source) : outlineText(outline))
  return 0
}

/** A Dockerfile that wants no findings (`# check=error=true`) is not built with any. Throws LINT_FAILED. */
export function requireChecks(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>): void {
  const settings = checkSettings(dockerfile.directives.check, buildArgs.get(ARGUMENT))
  if (!settings.error) return
  const rules = [...new Set(checkDockerfile(dockerfile, settings).map(({ rule }) => rule))]
  if (rules.length === 0) return
  throw new LichenError(`lint violation found for rules: ${rules.join(', ')}`, { code: 'LINT_FAILED', exitCode: 1, hint: 'lichen build --check shows them' })
}
