export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** NAME=value lists, later ones over earlier ones; a name keeps the place where it came first. */
export function mergeEnvironment(...lists: string[][]): string[] {
  const merged = new Map<string, string>()
  for (const entry of lists.flat()) merged.set(nameOf(entry), entry)
  return [...merged.values()]
}

/** What a container starts with, below the image's and the user's own variables. HOME is the runtime's, which looks the user up. */
export function basicEnvironment({ hostname, tty }: { hostname: string; tty: boolean }): string[] {
  return [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${hostname}`, ...(tty ? ['TERM=xterm'] : [])]
}

/** The image's variables but for those of `--unsetenv`, and behind them those of `--env-merge`, which name the image's as ${NAME}. */
export function imageEnvironment(image: string[], { unsetEnv = [], envMerge = [] }: { unsetEnv?: string[]; envMerge?: string[] }): [string[], string[]] {
  const values = new Map(image.map((entry) => [nameOf(entry), entry.slice(nameOf(entry).length + 1)]))
  const merged = envMerge.map((entry) => entry.replace(/\$\{([^}]*)\}/g, (_, name: string) => values.get(name) ?? ''))
  return [image.filter((entry) => !unsetEnv.includes('*') && !unsetEnv.includes(nameOf(entry))), merged]
}

export const hasVariable = (list: string[], name: string) => list.some((entry) => nameOf(entry) === name)

const nameOf = (entry: string) => entry.split('=', 1)[0] ?? ''
