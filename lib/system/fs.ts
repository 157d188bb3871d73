import { addon } from './addon.ts'

/*
 * The part of node:fs that is on the way of `run`, `exec` and `ps`, by the same names, with the same errors, through the addon: in the standalone build
 * node:fs alone costs a short command more than all of its own code (docs/adr/0011). For what is big, or may wait, there is `builtin.fs`.
 */

/** As in <fcntl.h> and <unistd.h> of Linux. */
export const constants = {
  R_OK: 4,
  W_OK: 2,
  X_OK: 1,
  F_OK: 0,
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_TRUNC: 0o1000,
  O_APPEND: 0o2000,
  O_DIRECTORY: 0o200000,
} as const

const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants
const FLAGS = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  wx: O_WRONLY | O_CREAT | O_EXCL,
  a: O_WRONLY | O_CREAT | O_APPEND,
  'a+': O_RDWR | O_CREAT | O_APPEND,
} as const
type Flag = keyof typeof FLAGS

const S_IFMT = 0o170000
/** By what stat(2) has in its mode: the type of readdir(3) is the same number, shifted. */
const isOf = (mode: number, type: number) => (mode & S_IFMT) === type

class Kind {
  readonly mode: number

  constructor(mode: number) {
    this.mode = mode
  }

  isFile(): boolean {
    return isOf(this.mode, 0o100000)
  }

  isDirectory(): boolean {
    return isOf(this.mode, 0o040000)
  }

  isSymbolicLink(): boolean {
    return isOf(this.mode, 0o120000)
  }

  isFIFO(): boolean {
    return isOf(this.mode, 0o010000)
  }

  isSocket(): boolean {
    return isOf(this.mode, 0o140000)
  }

  isCharacterDevice(): boolean {
    return isOf(this.mode, 0o020000)
  }

  isBlockDevice(): boolean {
    return isOf(this.mode, 0o060000)
  }
}

/** Times in milliseconds. */
export class Status extends Kind {
  readonly dev: number
  readonly ino: number
  readonly nlink: number
  readonly uid: number
  readonly gid: number
  readonly rdev: number
  readonly size: number
  readonly blocks: number
  readonly atimeMs: number
  readonly mtimeMs: number
  readonly ctimeMs: number

  constructor(fields: Float64Array) {
    const [dev, ino, mode, nlink, uid, gid, rdev, size, blocks, atimeMs, mtimeMs, ctimeMs] = fields as unknown as number[]
    super(mode!)
    this.dev = dev!
    this.ino = ino!
    this.nlink = nlink!
    this.uid = uid!
    this.gid = gid!
    this.rdev = rdev!
    this.size = size!
    this.blocks = blocks!
    this.atimeMs = atimeMs!
    this.mtimeMs = mtimeMs!
    this.ctimeMs = ctimeMs!
  }

  get mtime(): Date {
    return new Date(this.mtimeMs)
  }
}

/** An entry of a folder. */
export class Entry extends Kind {
  readonly name: string

  constructor(name: string, mode: number) {
    super(mode)
    this.name = name
  }
}

export const openSync = (path: string, flags: Flag | number = 'r', mode = 0o666): number =>
  addon.openFile({ path, flags: typeof flags === 'number' ? flags : FLAGS[flags], mode })

export const closeSync = (fd: number): void => addon.closeFile({ fd })

/** Bytes that one write(2) has taken. */
export const writeSync = (fd: number, bytes: Uint8Array): number => addon.writeSome({ fd, bytes })

export const fstatSync = (fd: number): Status => new Status(addon.statFile({ fd })!)
export const lstatSync = (path: string): Status => new Status(addon.statFile({ path, follow: false })!)
export const statSync = (path: string): Status => new Status(addon.statFile({ path })!)

/** Undefined where there is nothing. */
export function statMaybe(path: string): Status | undefined {
  const fields = addon.statFile({ path, maybe: true })
  return fields === undefined ? undefined : new Status(fields)
}

export function existsSync(path: string): boolean {
  try {
    accessSync(path)
    return true
  } catch {
    return false
  }
}

export const accessSync = (path: string, mode: number = constants.F_OK): void => addon.access({ path, mode })
export const chmodSync = (path: string, mode: number): void => addon.chmod({ path, mode })
export const readlinkSync = (path: string): string => addon.readLink({ path })
export const renameSync = (path: string, target: string): void => addon.rename({ path, target })
export const rmdirSync = (path: string): void => addon.rmdir({ path })
export const unlinkSync = (path: string): void => addon.unlink({ path })

/** Of a path, or the rest of a descriptor. */
export function readFileSync(file: string | number, encoding: 'utf8'): string
export function readFileSync(file: string | number): Buffer
export function readFileSync(file: string | number, encoding?: 'utf8'): string | Buffer {
  const bytes = withFile(file, O_RDONLY, 0, (fd) => addon.readRest({ fd }))
  return encoding === undefined ? bytes : bytes.toString(encoding)
}

export function writeFileSync(file: string | number, data: string | Uint8Array, { mode = 0o666, flag = 'w' }: { mode?: number; flag?: Flag } = {}): void {
  withFile(file, FLAGS[flag], mode, (fd) => {
    for (let rest = typeof data === 'string' ? Buffer.from(data) : data; rest.length > 0; ) rest = rest.subarray(writeSync(fd, rest))
  })
}

export function readdirSync(path: string): string[]
export function readdirSync(path: string, options: { withFileTypes: true }): Entry[]
export function readdirSync(path: string, options?: { withFileTypes: true }): string[] | Entry[] {
  const { names, types } = addon.readFolder({ path })
  if (options === undefined) return names
  // Some file systems don't say the type.
  return names.map((name, at) => new Entry(name, types[at] === 0 ? lstatSync(`${path}/${name}`).mode : types[at]! << 12))
}

export function mkdirSync(path: string, { mode = 0o777, recursive = false }: { mode?: number; recursive?: boolean } = {}): void {
  try {
    addon.mkdir({ path, mode })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const above = path.replace(/\/+[^/]*\/*$/, '')
    if (recursive && code === 'ENOENT' && above !== '' && above !== path) {
      mkdirSync(above, { mode, recursive })
      mkdirSync(path, { mode, recursive })
    } else if (!(recursive && code === 'EEXIST' && statMaybe(path)?.isDirectory())) throw error
  }
}

/** With `force` what is not there is removed already. */
export function rmSync(path: string, options: { force?: boolean; recursive?: boolean } = {}): void {
  try {
    if (!options.recursive || !lstatSync(path).isDirectory()) return unlinkSync(path)
    for (const name of readdirSync(path)) rmSync(`${path}/${name}`, { ...options, force: true })
    rmdirSync(path)
  } catch (error) {
    if (!options.force || (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

function withFile<T>(file: string | number, flags: number, mode: number, use: (fd: number) => T): T {
  if (typeof file === 'number') return use(file)
  const fd = openSync(file, flags, mode)
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
