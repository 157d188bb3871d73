/** A repository, and what of it is wanted. */
export interface GitAddress {
  /** Without what authorises. */
  remote: string
  /** `user:password` of the address, as it was written. */
  credentials: string | undefined
  /** Branch, tag or commit; undefined: what HEAD of the remote is. */
  ref: string | undefined
  /** Folder of the repository; "": all of it. */
  subdir: string
}

/** `user@host:path`, which is no URL. */
const SCP = /^([a-zA-Z0-9_.-]+)@([a-zA-Z0-9.-]+):(?!\/\/)([^#]+)(?:#(.*))?$/

/**
 * Whether an address means a git repository, by BuildKit's rules: the schemes of git and ssh always, http only where the path ends in
 * `.git`. `short`: `github.com/NAME` as well, which in a Dockerfile is a file. Pure. Throws SyntaxError where what follows `#` can't be.
 */
export function parseGitAddress(text: string, { short = false }: { short?: boolean } = {}): GitAddress | undefined {
  const scp = SCP.exec(text)
  if (scp !== null) return { remote: `${scp[1]}@${scp[2]}:${scp[3]}`, credentials: undefined, ...fragment(scp[4]) }
  const full = short && text.startsWith('github.com/') ? `https://${text}` : text
  if (!/^(https?|git|ssh):\/\//i.test(full) || !URL.canParse(full)) return undefined
  const url = new URL(full)
  const web = url.protocol === 'http:' || url.protocol === 'https:'
  if (web && !url.pathname.endsWith('.git') && full === text) return undefined
  const after = url.hash === '' ? undefined : decodeURIComponent(url.hash.slice(1))
  url.hash = ''
  if (!web || url.username === '') return { remote: url.href, credentials: undefined, ...fragment(after) }
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  url.username = ''
  url.password = ''
  return { remote: url.href, credentials, ...fragment(after) }
}

/** `REF:FOLDER` */
function fragment(text = ''): Pick<GitAddress, 'ref' | 'subdir'> {
  const colon = text.indexOf(':')
  const ref = colon === -1 ? text : text.slice(0, colon)
  const folder = colon === -1 ? '' : text.slice(colon + 1)
  // What begins with a dash would be an option to some git.
  if (ref.startsWith('-') || /[\s~^?*[\\\0]|\.\.|@\{/.test(ref)) throw new SyntaxError(`invalid git reference ${JSON.stringify(ref)}`)
  const names = folder.split('/').filter((name) => name !== '' && name !== '.')
  if (names.includes('..')) throw new SyntaxError(`invalid subdirectory ${JSON.stringify(folder)}: it leads out of the repository`)
  return { ref: ref === '' ? undefined : ref, subdir: names.join('/') }
}

/** Whether it is an http or https address. */
export const isWebAddress = (text: string): boolean => /^https?:\/\//i.test(text)

/** A text in which nobody sees the passwords of addresses. */
export const withoutPasswords = (text: string): string => text.replace(/(\w:\/\/)([^\s/@:"']*):[^\s/@"']+@/g, '$1$2:xxxxx@')
