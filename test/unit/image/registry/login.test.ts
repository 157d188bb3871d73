import { expect, test } from 'vitest'
import { registryName } from '../../../../lib/image/registry/login.ts'
import { parseResults } from '../../../../lib/image/registry/search.ts'

test.each([
  ['', 'docker.io'],
  ['https://index.docker.io/v1/', 'docker.io'],
  ['registry-1.docker.io', 'docker.io'],
  ['localhost', 'localhost'],
  ['localhost:5000', 'localhost:5000'],
  ['https://r.example/v2/', 'r.example'],
  ['[::1]:5000', '[::1]:5000'],
])('the registry %j is %s', (text, name) => {
  expect(registryName(text)).toBe(name)
})

test.each(['a b', 'x..y', '-x.y', '../..'])('%j is none', (text) => {
  expect(() => registryName(text)).toThrow(expect.objectContaining({ code: 'BAD_REFERENCE' }))
})

test('results of a search, and what is none', () => {
  expect(parseResults('{"results":[{"name":"a","description":"x\\n y","star_count":"3","is_official":true},{},null]}')).toEqual([
    { name: 'a', description: 'x y', stars: 3, official: true, automated: false },
  ])
  for (const text of ['', 'null', '{}', '{"results":3}', '<html>']) expect(parseResults(text)).toBeUndefined()
})
