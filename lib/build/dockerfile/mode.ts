/** Permissions: all of them (octal), or what is to change, as chmod(1) has it. */
export type ModeWish = number | string

const CLAUSE = /^[ugoa]*([-+=]([rwxXst]*|[ugo]))+$/

/** `0755`, `u=rwX,go=rX`; undefined: it is neither. Pure. */
export function parseMode(text: string): ModeWish | undefined {
  if (/^[0-7]{1,4}$/.test(text)) return Number.parseInt(text, 8)
  return text.split(',').every((clause) => CLAUSE.test(clause)) ? text : undefined
}

/** What a file's permissions become. */
export function changeMode(wish: ModeWish, mode: number, directory: boolean): number {
  if (typeof wish === 'number') return wish
  let result = mode & 0o7777
  for (const clause of wish.split(',')) {
    const [, who = '', actions = ''] = /^([ugoa]*)(.*)$/.exec(clause)!
    for (const [, operator, permissions] of actions.matchAll(/([-+=])([^-+=]*)/g)) {
      result = apply(result, { who, operator: operator!, permissions: permissions!, original: mode, directory })
    }
  }
  return result
}

interface Action {
  who: string
  operator: string
  permissions: string
  /** Before any change: what X asks. */
  original: number
  directory: boolean
}

/** Of whom nobody speaks, the usual umask is spared. */
const SPARED = 0o022

function apply(mode: number, { who, operator, permissions, original, directory }: Action): number {
  const all = who === '' || who.includes('a')
  const has = (letter: string) => all || who.includes(letter)
  const whose = (has('u') ? 0o4700 : 0) | (has('g') ? 0o2070 : 0) | (has('o') ? 0o007 : 0)
  const execute = directory || (original & 0o111) !== 0
  let bits = 0
  for (const letter of permissions) {
    if (letter === 'r') bits |= 0o444
    else if (letter === 'w') bits |= 0o222
    else if (letter === 'x' || (letter === 'X' && execute)) bits |= 0o111
    else if (letter === 's') bits |= 0o6000
    else if (letter === 'u') bits |= spread(mode >> 6)
    else if (letter === 'g') bits |= spread(mode >> 3)
    else if (letter === 'o') bits |= spread(mode)
  }
  bits &= whose
  if (who === '') bits &= ~SPARED
  if (permissions.includes('t') && (all || who.includes('o'))) bits |= 0o1000
  if (operator === '-') return mode & ~bits
  return (operator === '=' ? mode & ~whose : mode) | bits
}

const spread = (three: number): number => (three & 7) * 0o111
