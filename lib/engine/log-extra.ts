import type { ContainerRecord } from '../container/record.ts'
import { commandLine } from '../plan/command-line.ts'
import type { RunPlan } from '../plan/plan.ts'
import { LichenError } from '../system/errors.ts'
import { escapedForHtml } from '../system/go-json.ts'
import { hostName } from '../system/kernel.ts'

/** The runtime writes entries from a buffer of fixed size. */
const MOST = 16 * 1024

/**
 * What every entry of the log has, as the monitor writes it: with json-file Docker's "attrs", in the journal its fields. `environment`: NAME=value of the
 * container. Throws BAD_TEMPLATE, BAD_LOG_OPTION.
 */
export async function logExtra(record: ContainerRecord, environment: string[]): Promise<RunPlan['log']['extra']> {
  const driver = record.options.logDriver
  if (driver !== 'json-file' && driver !== 'journald') return Buffer.alloc(0)
  const attributes = logAttributes(record, environment)
  const tag = await logTag(record, driver === 'journald' ? '{{.ID}}' : '')
  const extra = Buffer.from(driver === 'journald' ? journalFields(record, tag, attributes) : jsonMembers(tag === '' ? attributes : { ...attributes, tag }))
  if (extra.length <= MOST) return extra
  throw new LichenError('the attributes of the log are too long', {
    code: 'BAD_LOG_OPTION',
    hint: `they may have ${MOST} bytes: name fewer labels and variables`,
  })
}

/** `--log-opt labels= labels-regex= env= env-regex=`: those that there are. */
export function logAttributes({ image, options }: ContainerRecord, environment: string[]): Record<string, string> {
  const { labels, env, 'labels-regex': labelsRegex, 'env-regex': envRegex } = options.logOptions
  const variables = environment.flatMap((entry): [string, string][] => {
    const at = entry.indexOf('=')
    return at < 0 ? [] : [[entry.slice(0, at), entry.slice(at + 1)]]
  })
  return Object.fromEntries([
    ...chosen(Object.entries({ ...image.config.Labels, ...options.labels }), labels, labelsRegex),
    ...chosen(variables, env, envRegex),
  ])
}

function chosen(all: [string, string][], list = '', regex = ''): [string, string][] {
  const names = new Set(list.split(','))
  const pattern = regex === '' ? undefined : new RegExp(regex)
  return all.filter(([name]) => names.has(name) || pattern?.test(name))
}

/** `--log-opt tag=`: a template over what Docker gives it. */
async function logTag({ id, name, image, options }: ContainerRecord, absent: string): Promise<string> {
  const source = options.logOptions['tag'] || absent
  if (source === '') return ''
  const { compileTemplate } = await import('../cli/template.ts')
  const facts = {
    ID: id.slice(0, 12),
    FullID: id,
    Name: name,
    // Docker too cuts it with its algorithm in front.
    ImageID: image.id.slice(0, 12),
    ImageFullID: image.id,
    ImageName: image.reference,
    DaemonName: 'lichen',
    Command: commandLine({ options, image }).join(' '),
    Hostname: hostName(),
  }
  try {
    return compileTemplate(source)(facts)
  } catch (error) {
    throw new LichenError(`log opt tag: ${(error as Error).message}`, {
      code: 'BAD_LOG_OPTION',
      hint: `it may have ${Object.keys(facts).join(', ')}`,
      cause: error,
    })
  }
}

/** As Go writes a map: by name, and escaped for HTML. */
function jsonMembers(attributes: Record<string, string>): string {
  const names = Object.keys(attributes).sort()
  if (names.length === 0) return ''
  const sorted = Object.fromEntries(names.map((name) => [name, attributes[name]]))
  return `"attrs":${escapedForHtml(JSON.stringify(sorted))},`
}

function journalFields({ id, name, image }: ContainerRecord, tag: string, attributes: Record<string, string>): string {
  const fields = {
    ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [fieldName(key), value])),
    CONTAINER_ID: id.slice(0, 12),
    CONTAINER_ID_FULL: id,
    CONTAINER_NAME: name,
    CONTAINER_TAG: tag,
    IMAGE_NAME: image.reference,
    SYSLOG_IDENTIFIER: tag,
  }
  // The journal takes no line end in this form, and the monitor no other form here.
  const lines = Object.entries(fields).map(([key, value]) => `${key}=${value.replaceAll('\n', ' ')}\n`)
  return lines.join('')
}

/** What the journal allows, as Docker makes it of a label's name. */
const fieldName = (name: string) =>
  name
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '_')
    .replace(/^_+/, '')
