/** Whether `uname -r` ("6.1.0-18-amd64") is of version `major`.`minor` or later. */
export function atLeast(release: string, major: number, minor: number): boolean {
  const [, first, second] = /^(\d+)\.(\d+)/.exec(release) ?? []
  if (first === undefined) return false
  return Number(first) > major || (Number(first) === major && Number(second) >= minor)
}
