/**
 * `{{json .}}` of a line of a list, as Docker's: fields sorted, methods left out, and what HTML would take for its own escaped,
 * which is so for whole lines alone.
 */
export function rowJson(row: Readonly<Record<string, unknown>>): string {
  const fields = (typeof row['toJSON'] === 'function' ? row['toJSON']() : row) as Record<string, unknown>
  const names = Object.keys(fields).filter((name) => typeof fields[name] !== 'function')
  const text = JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, fields[name]])))
  return text.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
