import { escapedForHtml } from '../../system/go-json.ts'

/**
 * `{{json .}}` of a line of a list, as Docker's: fields sorted, methods left out, and what HTML would take for its own escaped,
 * which is so for whole lines alone.
 */
export function rowJson(row: Readonly<Record<string, unknown>>): string {
  const fields = (typeof row['toJSON'] === 'function' ? row['toJSON']() : row) as Record<string, unknown>
  const names = Object.keys(fields).filter((name) => typeof fields[name] !== 'function')
  return escapedForHtml(JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, fields[name]]))))
}
