import { checkDockerfile, checkSettings } from '../build/dockerfile/check.ts'
import type { BaseVariables } from '../build/dockerfile/check-variables.ts'
import type { Dockerfile } from '../build/dockerfile/instruction.ts'
import { listTargets, outlineTarget } from '../build/outline.ts'
import type { NamedContexts } from '../build/stages.ts'
import { type BuildCall, checkJson, outlineJson, outlineText, targetsJson, targetsText } from '../cli/build-calls.ts'
import { checkReport } from '../cli/check-report.ts'
import { platformArgs } from '../engine/build-words.ts'
import { listImages } from '../image/list.ts'
import type { Platform } from '../image/manifest.ts'
import { hostPlatform } from '../image/platform.ts'
import { familiarReference, parseReference } from '../image/reference.ts'
import type { Context } from '../system/context.ts'
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
export async function answerCall(
  context: Context,
  { kind, json, ignoreStatus }: BuildCall,
  { dockerfile, platforms, ...settings }: CallInput,
): Promise<number> {
  const { source } = dockerfile
  if (kind === 'check') {
    const findings = checkDockerfile(dockerfile, checkSettings(dockerfile.directives.check, settings.buildArgs.get(ARGUMENT)), await variablesHere(context))
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

/** Of base images that are here: nothing is fetched to check a Dockerfile. */
async function variablesHere(context: Context): Promise<BaseVariables> {
  const images = await listImages(context)
  return (base) => {
    const name = tryReference(base)
    const image = images.find(({ references }) => name !== undefined && references.includes(name))
    return image === undefined ? undefined : (image.configuration.config?.Env ?? []).map((entry) => entry.slice(0, entry.indexOf('=')))
  }
}

function tryReference(base: string): string | undefined {
  try {
    return familiarReference(parseReference(base))
  } catch {
    return undefined
  }
}

/** A Dockerfile that wants no findings (`# check=error=true`) is not built with any. Throws LINT_FAILED. */
export function requireChecks(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>): void {
  const settings = checkSettings(dockerfile.directives.check, buildArgs.get(ARGUMENT))
  if (!settings.error) return
  const rules = [...new Set(checkDockerfile(dockerfile, settings).map(({ rule }) => rule))]
  if (rules.length === 0) return
  throw new LichenError(`lint violation found for rules: ${rules.join(', ')}`, { code: 'LINT_FAILED', exitCode: 1, hint: 'lichen build --check shows them' })
}
