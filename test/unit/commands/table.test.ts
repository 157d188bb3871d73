import { expect, test } from 'vitest'
import { groups, verbs } from '../../../lib/commands/table.ts'

test('every word of every group leads to a verb', () => {
  for (const [group, words] of Object.entries(groups)) {
    for (const [word, [verb = '']] of Object.entries(words)) expect(Object.keys(verbs), `${group} ${word}`).toContain(verb)
  }
})

test('verbs of a container stand behind the word container, too', () => {
  const wanted = [
    'attach',
    'create',
    'exec',
    'exists',
    'inspect',
    'kill',
    'list',
    'logs',
    'ls',
    'port',
    'prune',
    'ps',
    'rename',
    'rm',
    'run',
    'start',
    'stop',
    'top',
    'stats',
    'update',
    'pause',
    'unpause',
    'wait',
  ]
  expect(Object.keys(groups['container'] ?? {})).toEqual(expect.arrayContaining(wanted))
})
