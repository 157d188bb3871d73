import { describe, expect, it } from 'vitest'
import { helpText } from '../../../lib/cli/help-text.ts'
import { optionTable } from '../../../lib/cli/options.ts'

const options = optionTable({
  quiet: { type: 'boolean', short: 'q', description: 'Only display IDs' },
  filter: { type: 'list', short: 'f', metavar: 'filter', description: 'Show what fits name=value' },
  all: { type: 'boolean', description: 'Show all' },
  last: { type: 'number', default: -1, description: 'Show the last n' },
  proxy: { type: 'boolean', default: true, description: 'Hand signals on' },
  pull: { type: 'string', default: 'missing', bare: 'always', description: 'When to pull' },
  secret: { type: 'string', hidden: true, description: 'Never shown' },
})

describe('help', () => {
  it('is laid out as Docker lays it out', () => {
    const aliases = ['lichen container ls', 'lichen ps']
    expect(
      helpText({ words: 'lichen ps', usage: '[OPTIONS]\n[OPTIONS] NAME', summary: 'List containers', aliases, options }, 80),
    ).toBe(`Usage:  lichen ps [OPTIONS]
        lichen ps [OPTIONS] NAME

List containers

Aliases:
  lichen container ls, lichen ps

Options:
      --all                      Show all
  -f, --filter filter            Show what fits name=value
      --last int                 Show the last n
      --proxy                    Hand signals on (default true)
      --pull string[="always"]   When to pull (default "missing")
  -q, --quiet                    Only display IDs
`)
  })

  it('breaks lines between words, below their column', () => {
    const { filter } = options
    const text = helpText({ words: 'lichen x', usage: '', summary: 'X', options: { filter: { ...filter, description: 'one two three four five six' } } }, 50)
    expect(text).toBe('Usage:  lichen x\n\nX\n\nOptions:\n  -f, --filter filter   one two three four five\n                        six\n')
  })

  it('has no list of options, nor of names, where there is one or none', () =>
    expect(helpText({ words: 'lichen x', usage: 'NAME', summary: 'X', aliases: ['lichen x'], options: {} }, 80)).toBe('Usage:  lichen x NAME\n\nX\n'))
})
