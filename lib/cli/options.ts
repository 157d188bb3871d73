/**
 * A verb's options as data: the parser reads them, `--help` and the shell completion are made from them.
 * The key of the table is the long name, without dashes.
 */
export interface Option {
  type: 'boolean' | 'string' | 'number' | 'list' | 'count'
  description: string
  /** One letter. */
  short?: string
  /** Other long names: `net` for `network`. */
  aliases?: readonly string[]
  /** What Docker's help prints behind the name: `string`, `bytes`, `list`, `mount`. */
  metavar?: string
  default?: string | number | boolean
  hidden?: boolean
  /** `--no-NAME` is understood too. */
  negatable?: boolean
  /** The value that a bare `--name` stands for, where a value may be left out. */
  bare?: string
}

export type OptionTable = Readonly<Record<string, Option>>

/** How many words may follow, and whether flags end at the first of them (`run IMAGE -x` gives -x to the command). */
export interface Positionals {
  min: number
  /** Infinity where any number will do. */
  max: number
  stopAtFirst?: boolean
  /** How many Docker's verb takes, where that is what a wrong number is told. */
  exactly?: number
  /** What they are, for completion. */
  complete?: 'container' | 'image' | 'volume' | 'secret' | 'file' | 'none'
}

type ValueOf<O> = O extends { type: 'boolean' }
  ? boolean
  : O extends { type: 'count' }
    ? number
    : O extends { type: 'list' }
      ? string[]
      : O extends { type: 'number' }
        ? O extends { default: number }
          ? number
          : number | undefined
        : O extends { type: 'string' }
          ? O extends { default: string }
            ? string
            : string | undefined
          : string | number | boolean | string[] | undefined

export type OptionValues<T extends OptionTable> = { -readonly [K in keyof T]: ValueOf<T[K]> }

export interface ParsedArgs<T extends OptionTable = OptionTable> {
  options: OptionValues<T>
  positionals: string[]
  /** Long names that were on the command line, to tell a default from a wish. */
  given: ReadonlySet<string>
}

/** Keeps the table's literal types, so that parsed values are typed by it. */
export const optionTable = <const T extends OptionTable>(table: T): T => table
