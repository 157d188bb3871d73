import { usageError } from './usage-error.ts'

/** One line of CSV: `a,"b,c",d`. */
export function csvFields(text: string): string[] {
  const fields: string[] = []
  const pattern = /(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/y
  while (pattern.lastIndex <= text.length) {
    const match = pattern.exec(text)
    if (match === null) throw usageError(`parse error on line 1: bare " in non-quoted-field: ${text}`)
    fields.push(match[1] === undefined ? match[2]! : match[1].replaceAll('""', '"'))
    if (pattern.lastIndex >= text.length) {
      if (text.endsWith(',') && match[0].endsWith(',')) fields.push('')
      break
    }
  }
  return fields
}
