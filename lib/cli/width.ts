/** Characters, as Go's tabwriter counts them. */
export function characters(text: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: pure ASCII, the usual case, needs no iteration
  return /^[\x00-\x7f]*$/.test(text) ? text.length : [...text].length
}
