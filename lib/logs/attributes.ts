/** Attributes of a record as `logs --details` shows them: by name, escaped as in a query of a URL, Go's way. */
export function logAttributeWords(attributes: [string, unknown][]): string {
  return attributes
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${queryEscape(name)}=${queryEscape(String(value))}`)
    .join(',')
}

const queryEscape = (text: string) =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+')
