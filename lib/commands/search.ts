import { command } from '../cli/command.ts'
import { parseFilters } from '../cli/filters.ts'
import { ellipsis } from '../cli/humanise.ts'
import { formatList } from '../cli/list-format.ts'
import { optionTable } from '../cli/options.ts'
import { usageError } from '../cli/usage-error.ts'
import { type SearchResult, searchImages } from '../image/registry/search.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'

const filterNames = ['stars', 'is-official', 'is-automated']

const options = optionTable({
  filter: { type: 'list', short: 'f', metavar: 'filter', description: `Show what fits name=value (${filterNames.join(', ')})` },
  format: { type: 'string', metavar: 'string', default: '', description: 'table, json, "table TEMPLATE" or a Go template' },
  limit: { type: 'number', metavar: 'int', default: 25, description: 'Max number of search results' },
  'no-trunc': { type: 'boolean', description: "Don't truncate output" },
})

export const search = command({
  name: 'search',
  summary: 'Search Docker Hub, or a registry that can be searched, for images',
  usage: '[OPTIONS] TERM',
  options,
  positionals: { min: 1, max: 1, complete: 'none' },
  async run({ options, positionals }, globals) {
    // 0 is Docker's word for its default.
    const limit = options.limit || 25
    if (limit < 1 || limit > 100) throw usageError(`limit ${options.limit} is outside the range of [1, 100]`, undefined, 1)
    const filters = parseFilters(options.filter, filterNames)
    for (const least of filters.get('stars') ?? []) if (!/^[+-]?\d+$/.test(least)) throw usageError(`invalid filter 'stars=${least}'`, 'a number', 1)
    const context = await openContext(globals)
    const found = await searchImages(context, { ...splitTerm(positionals[0]!), limit })
    const shown = found.filter((result) => fits(result, filters)).sort((a, b) => b.stars - a.stars)
    const rows = shown.map((result) => ({
      Name: result.name,
      Description: options['no-trunc'] ? result.description : ellipsis(result.description, 45),
      StarCount: String(result.stars),
      IsOfficial: result.official ? '[OK]' : '',
      IsAutomated: result.automated ? '[OK]' : '',
      toJSON() {
        return { ...this, IsOfficial: String(result.official), IsAutomated: String(result.automated), toJSON: undefined }
      },
    }))
    const table = '{{.Name}}\t{{.Description}}\t{{.StarCount}}\t{{.IsOfficial}}'
    printLines(
      formatList(rows, {
        format: options.format,
        table,
        heads: { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED' },
      }),
    )
    return 0
  },
})

/** `localhost:5000/app` searches there, as the name of an image would. */
function splitTerm(term: string): { registry: string; term: string } {
  const slash = term.indexOf('/')
  const first = term.slice(0, Math.max(slash, 0))
  if (!/[.:]/.test(first) && first !== 'localhost') return { registry: 'docker.io', term: term.replace(/^library\//, '') }
  return { registry: first === 'index.docker.io' ? 'docker.io' : first, term: term.slice(slash + 1) }
}

function fits(result: SearchResult, filters: ReadonlyMap<string, readonly string[]>): boolean {
  const flag = (name: string, value: boolean) => (filters.get(name) ?? []).every((wanted) => (wanted === 'true' || wanted === '1') === value)
  return (
    (filters.get('stars') ?? []).every((least) => result.stars >= Number(least)) &&
    flag('is-official', result.official) &&
    flag('is-automated', result.automated)
  )
}
