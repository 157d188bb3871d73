/** JSON in which what HTML would take for its own is escaped, as Go's encoder does. */
export const escapedForHtml = (json: string): string =>
  json.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
