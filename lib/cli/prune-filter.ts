import type { ContainerView } from '../container/view.ts'
import { allLabels } from './container-words.ts'
import { type Filters, fitsLabel, parseFilters } from './filters.ts'
import { parseWhen } from './when.ts'

/** `--filter` of the verbs that prune. Throws USAGE. */
export const parsePruneFilters = (entries: readonly string[]) => parseFilters(entries, ['until', 'label', 'label!'])

/** Throws USAGE for a moment that is none. */
export function containersThatFit(filters: Filters): (view: ContainerView) => boolean {
  const until = (filters.get('until') ?? []).map((text) => Date.parse(parseWhen(text, '', Date.now())))
  return ({ record }) =>
    until.every((bound) => Date.parse(record.created) < bound) &&
    (filters.get('label') ?? []).every((label) => fitsLabel(allLabels(record), label)) &&
    !(filters.get('label!') ?? []).some((label) => fitsLabel(allLabels(record), label))
}
