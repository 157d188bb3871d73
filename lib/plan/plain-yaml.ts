/** YAML as programs write it: mappings and lists by indentation, flow lists of plain words, quoted and plain scalars. No anchors, tags, or texts of several lines: SyntaxError. */
export function parsePlainYaml(text: string): unknown {
  const lines = text
    .split('\n')
    .map((line, at) => ({ at: at + 1, indent: line.length - line.trimStart().length, text: withoutComment(line.trim()) }))
    .filter((line) => line.text !== '' && line.text !== '---')
  const reader = { lines, next: 0 }
  const value = readBlock(reader, 0)
  const rest = lines[reader.next]
  if (rest !== undefined && rest.text !== '...') throw new SyntaxError(`line ${rest.at}: not understood`)
  return value
}

interface Line {
  at: number
  indent: number
  text: string
}

interface Reader {
  lines: Line[]
  next: number
}

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s"'[\]{}#&*!|>%@`,-][^:]*?|-[^\s:][^:]*?)\s*:(?:\s+(.*))?$/

function readBlock(reader: Reader, least: number): unknown {
  const line = reader.lines[reader.next]
  if (line === undefined || line.indent < least) return null
  if (isItem(line)) return readList(reader, line.indent)
  if (KEY.test(line.text)) return readMap(reader, line.indent)
  reader.next++
  return scalar(line.text, line.at)
}

const isItem = ({ text }: Line) => text === '-' || text.startsWith('- ')

function readList(reader: Reader, indent: number): unknown[] {
  const list: unknown[] = []
  for (let line = reader.lines[reader.next]; line !== undefined && line.indent === indent && isItem(line); line = reader.lines[reader.next]) {
    const inner = line.text.slice(1).trimStart()
    if (inner === '') {
      reader.next++
      list.push(readBlock(reader, indent + 1))
      continue
    }
    // What stands behind the dash is a line of its own, as far in as it stands.
    reader.lines[reader.next] = { at: line.at, indent: indent + line.text.length - inner.length, text: inner }
    list.push(readBlock(reader, indent + 1))
  }
  return list
}

function readMap(reader: Reader, indent: number): Record<string, unknown> {
  const map: [string, unknown][] = []
  for (let line = reader.lines[reader.next]; line !== undefined && line.indent === indent && !isItem(line); line = reader.lines[reader.next]) {
    const [, key, value] = KEY.exec(line.text) ?? []
    if (key === undefined) throw new SyntaxError(`line ${line.at}: not understood`)
    reader.next++
    const below = reader.lines[reader.next]
    // A list may stand as far in as its key.
    const least = below !== undefined && isItem(below) ? indent : indent + 1
    map.push([String(scalar(key, line.at)), value === undefined || value === '' ? readBlock(reader, least) : scalar(value, line.at)])
  }
  return Object.fromEntries(map)
}

function scalar(text: string, at: number): unknown {
  if (text.startsWith('"')) {
    try {
      return JSON.parse(text) as unknown
    } catch {
      throw new SyntaxError(`line ${at}: not understood`)
    }
  }
  if (text.startsWith("'")) {
    if (!/^'(?:[^']|'')*'$/.test(text)) throw new SyntaxError(`line ${at}: not understood`)
    return text.slice(1, -1).replaceAll("''", "'")
  }
  if (text === '{}') return {}
  if (text.startsWith('[') && text.endsWith(']')) {
    const inner = text.slice(1, -1).trim()
    return inner === '' ? [] : inner.split(',').map((part) => scalar(part.trim(), at))
  }
  if (/^[[\]{}&*!|>%@`]/.test(text)) throw new SyntaxError(`line ${at}: not understood`)
  if (/^(null|~)$/.test(text)) return null
  if (/^(true|false)$/.test(text)) return text === 'true'
  return /^-?\d+$/.test(text) ? Number(text) : /^0o[0-7]+$/.test(text) ? Number(text) : text
}

/** From a "#" behind a blank on, outside of quotes. */
function withoutComment(line: string): string {
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (quote !== '') {
      if ((character === '\\' && quote === '"') || (character === "'" && quote === "'" && line[at + 1] === "'")) at++
      else if (character === quote) quote = ''
    } else if ((character === '"' || character === "'") && (at === 0 || /[\s[,:-]/.test(line[at - 1]!))) quote = character
    else if (character === '#' && (at === 0 || /\s/.test(line[at - 1]!))) return line.slice(0, at).trimEnd()
  }
  return line
}
