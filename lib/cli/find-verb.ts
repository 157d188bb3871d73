import { nearest } from '../system/nearest.ts'
import { usageError } from './usage-error.ts'

type Groups = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>

export interface FoundVerb {
  name: string
  /** What it was called by: `lichen container ls`. */
  words: string
  rest: string[]
}

/** The verb that the first words mean, and what is left of them. Throws USAGE with the nearest verb as hint. */
export function findVerb(words: readonly string[], verbs: readonly string[], groups: Groups): FoundVerb {
  const [first = '', second] = words
  const group = Object.hasOwn(groups, first) ? groups[first]! : undefined
  if (group === undefined) {
    if (verbs.includes(first)) return { name: first, words: `lichen ${first}`, rest: words.slice(1) }
    throw unknown(first, [...verbs, ...Object.keys(groups)], 'lichen')
  }
  if (second === undefined || second.startsWith('-')) {
    throw usageError(`unknown flag: ${second ?? ''}`, `See 'lichen ${first} --help'.`)
  }
  if (!Object.hasOwn(group, second)) throw unknown(second, Object.keys(group), `lichen ${first}`)
  const [name = '', ...more] = group[second]!
  return { name, words: `lichen ${first} ${second}`, rest: [...more, ...words.slice(2)] }
}

function unknown(word: string, candidates: readonly string[], where: string) {
  const near = nearest(word, candidates)
  const hint = near === undefined ? "See 'lichen --help'." : `did you mean '${where} ${near}'?`
  return usageError(`lichen: '${where === 'lichen' ? word : `${where.slice('lichen '.length)} ${word}`}' is not a lichen command.`, hint, 1)
}
