import { checkDockerfile, checkSettings } from '../build/dockerfile/check.ts'
import type { Dockerfile } from '../build/dockerfile/instruction.ts'
import { checkReport } from '../cli/check-report.ts'
import { LichenError } from '../system/errors.ts'
import { printLines } from './print.ts'

const ARGUMENT = 'BUILDKIT_DOCKERFILE_CHECK'

/** `--check`: says what could be better, and gives the exit code. */
export function reportChecks({ source, ...dockerfile }: Dockerfile, buildArgs: ReadonlyMap<string, string>): number {
  const findings = checkDockerfile({ source, ...dockerfile }, checkSettings(dockerfile.directives.check, buildArgs.get(ARGUMENT)))
  printLines(checkReport(findings, source))
  return findings.length === 0 ? 0 : 1
}

/** A Dockerfile that wants no findings (`# check=error=true`) is not built with any. Throws LINT_FAILED. */
export function requireChecks(dockerfile: Dockerfile, buildArgs: ReadonlyMap<string, string>): void {
  const settings = checkSettings(dockerfile.directives.check, buildArgs.get(ARGUMENT))
  if (!settings.error) return
  const rules = [...new Set(checkDockerfile(dockerfile, settings).map(({ rule }) => rule))]
  if (rules.length === 0) return
  throw new LichenError(`lint violation found for rules: ${rules.join(', ')}`, { code: 'LINT_FAILED', exitCode: 1, hint: 'lichen build --check shows them' })
}
