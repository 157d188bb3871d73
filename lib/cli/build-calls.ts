import type { Finding } from '../build/dockerfile/check.ts'
import type { Lines, Outline, OutlinedTarget } from '../build/outline.ts'
import { csvFields } from './csv.ts'
import { alignColumns } from './table.ts'
import { usageError } from './usage-error.ts'

/** What `build` is to do in place of building. */
export interface BuildCall {
  kind: 'build' | 'check' | 'outline' | 'targets'
  json: boolean
  /** The exit code is 0 whatever was found. */
  ignoreStatus: boolean
}

/** `--call check`, `outline,format=json`. Throws USAGE. */
export function parseCall(text: string): BuildCall {
  const call: BuildCall = { kind: 'build', json: false, ignoreStatus: false }
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=')
    const [key, value] = equals === -1 ? ['', field] : [field.slice(0, equals), field.slice(equals + 1)]
    if (key === '') call.kind = kindOf(value)
    else if (key === 'format') call.json = isJson(value)
    else if (key === 'ignorestatus') call.ignoreStatus = value === 'true' || value === '1'
    else throw usageError(`invalid print field: ${field}`, '--call outline,format=json', 1)
  }
  return call
}

function kindOf(name: string): BuildCall['kind'] {
  if (name === 'lint') return 'check'
  if (name === 'build' || name === 'check' || name === 'outline' || name === 'targets') return name
  throw usageError(`--call ${name} is not supported`, 'build, check, outline or targets', 1)
}

function isJson(format: string): boolean {
  if (format === 'json' || format === 'text') return format === 'json'
  throw usageError(`unsupported format ${JSON.stringify(format)}`, 'format=json or format=text', 1)
}

interface DockerfileBytes {
  file: string
  lines: readonly string[]
}

const base64 = ({ lines }: DockerfileBytes) => Buffer.from(lines.join('\n')).toString('base64')
const location = ({ line, endLine }: Lines) => ({ ranges: [{ start: { line }, end: { line: endLine } }] })
const optional = <K extends string>(key: K, value: string | boolean | undefined) =>
  value === undefined || value === '' || value === false ? {} : { [key]: value }
const json = (document: object): string[] => [JSON.stringify(document, undefined, 2)]

/** The tables of BuildKit, each with an empty line behind. */
export function outlineText({ target, args, secrets, ssh }: Outline): string[] {
  const table = (lines: string[]) => (lines.length === 1 ? [] : [...alignColumns(lines, 0).map((line) => line.trimEnd()), ''])
  const needs = ({ name, required }: { name: string; required: boolean }) => `${name}\t${required ? 'true' : ''}`
  return [
    ...(target.name === undefined ? [] : heading(target.name, target.description)),
    ...table(['BUILD ARG\tVALUE\tDESCRIPTION', ...args.map(({ name, value = '', description = '' }) => `${name}\t${value}\t${description}`)]),
    ...table(['SECRET\tREQUIRED', ...secrets.map(needs)]),
    ...table(['SSH\tREQUIRED', ...ssh.map(needs)]),
  ]
}

const heading = (name: string, description: string | undefined): string[] =>
  description === undefined ? [`TARGET: ${name}`, ''] : [`TARGET:      ${name}`, `DESCRIPTION: ${description}`, '']

/** With BuildKit's names. */
export function outlineJson({ target, args, secrets, ssh }: Outline, source: DockerfileBytes): string[] {
  const needs = ({ name, required, ...at }: Outline['ssh'][number]) => ({ name, ...optional('required', required), location: location(at) })
  const list = (key: string, entries: object[]) => (entries.length === 0 ? {} : { [key]: entries })
  return json({
    ...optional('name', target.name),
    ...optional('description', target.description),
    ...list(
      'args',
      args.map(({ name, value, description, ...at }) => ({
        name,
        ...optional('description', description),
        ...optional('value', value),
        location: location(at),
      })),
    ),
    ...list('secrets', secrets.map(needs)),
    ...list('ssh', ssh.map(needs)),
    sources: [base64(source)],
  })
}

export const targetsText = (targets: readonly OutlinedTarget[]): string[] =>
  alignColumns(
    [
      'TARGET\tDESCRIPTION',
      ...targets.map(({ name = '', isDefault, description = '' }) => `${[name, ...(isDefault ? ['(default)'] : [])].join(' ').trim()}\t${description}`),
    ],
    0,
  ).map((line) => line.trimEnd())

export const targetsJson = (targets: readonly OutlinedTarget[], source: DockerfileBytes): string[] =>
  json({
    targets: targets.map(({ name, isDefault, description, base, platform, ...at }) => ({
      ...optional('name', name),
      ...optional('default', isDefault),
      ...optional('description', description),
      base,
      ...optional('platform', platform),
      location: location(at),
    })),
    sources: [base64(source)],
  })

export const checkJson = (findings: readonly Finding[], source: DockerfileBytes): string[] =>
  json({
    warnings: findings.map(({ rule, message, ...at }) => ({ ruleName: rule, url: ruleUrl(rule), detail: message, location: location(at) })),
    sources: [{ filename: source.file, language: 'Dockerfile', data: base64(source) }],
  })

/** Where BuildKit's documentation explains a rule: `JSONArgsRecommended` is json-args-recommended. */
const ruleUrl = (rule: string): string =>
  `https://docs.docker.com/go/dockerfile/rule/${rule.replace(/([a-z])([A-Z])|([A-Z])([A-Z][a-z])/g, '$1$3-$2$4').toLowerCase()}/`
