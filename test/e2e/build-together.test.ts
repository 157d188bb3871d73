import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { useBuildContext } from '../helpers/build-context.ts'
import type { Result } from '../helpers/process.ts'
import { type Registry, startRegistry } from '../helpers/registry.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = useBuildContext(box)
const build = (...flags: string[]) => box.start(['build', ...flags, context.path]).exited
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at)

/** What RUN printed, by the lines of plain progress. */
const printed = ({ stderr }: Result, number: number) =>
  [...stderr.matchAll(new RegExp(`^#${number} \\d+\\.\\d+ (.*)$`, 'gm'))].map(([, text]) => text).join('\n')

async function expectClean(): Promise<void> {
  expect(await box.ok('ps', '-aq')).toBe('')
  expect(await box.lichen('system', 'check')).toEqual({ code: 0, stdout: '', stderr: '' })
}

test('eight of one Dockerfile do each step once, and make one image', async () => {
  context.put('file', 'content')
  context.dockerfile(
    'FROM busybox AS one',
    'RUN --mount=type=cache,id=ran,target=/c echo here >> /c/ran && cat /c/ran > /ran',
    'COPY file /file',
    'FROM busybox',
    'COPY --from=one /ran /file /',
  )
  const results = await Promise.all(numbers(8).map(() => build('-q')))
  expect(new Set(results.map(({ code, stderr }) => `${code} ${stderr}`))).toEqual(new Set(['0 ']))
  const [id, ...others] = new Set(results.map(({ stdout }) => stdout.trim()))
  expect(others).toEqual([])
  await expectClean()
  expect(await box.ok('run', '--rm', '--network', 'none', id!, 'cat', '/ran', '/file')).toBe('here\ncontent')
})

describe('caches', () => {
  const each = (sharing: string, script: (at: number) => string) =>
    Promise.all(
      numbers(4).map(async (at) => {
        const mount = `RUN --mount=type=cache,id=${sharing},target=/c,sharing=${sharing}`
        const input = `FROM busybox\n${mount} ${script(at)}\n`
        const result = await box.start(['build', '-'], { input }).exited
        expect(result).toMatchObject({ code: 0 })
        return printed(result, 2)
      }),
    )

  test('that are shared are there for all of them at the same time', async () => {
    // Nobody gets on before all are there.
    await each('shared', (at) => `touch /c/${at}; until [ -e /c/0 ] && [ -e /c/1 ] && [ -e /c/2 ] && [ -e /c/3 ]; do sleep 0.05; done`)
  })

  test('that are locked are there for one after the other', async () => {
    const seen = await each('locked', (at) => `mkdir /c/lock && echo ${at} >> /c/log && sleep 0.2 && rmdir /c/lock && wc -l < /c/log`)
    expect(seen.sort()).toEqual(['1', '2', '3', '4'])
  })

  test('that are private are there for one alone', async () => {
    const seen = await each('private', (at) => `mkdir /c/lock && echo ${at} >> /c/log && sleep 0.5 && rmdir /c/lock && cat /c/log`)
    // Who comes when another is done may have its folder, and never one that is in use.
    for (const [at, log] of seen.entries()) expect(log.split('\n').at(-1)).toBe(`${at}`)
  })
})

describe('beside those who take things away', () => {
  let registry: Registry
  const base = () => `${registry.host}/base:1`
  beforeAll(async () => {
    registry = await startRegistry()
    await box.ok('tag', 'busybox', base())
    await box.ok('push', '-q', base())
  })
  afterAll(() => registry.stop())

  test('each makes what it should', async () => {
    context.put('file', 'content')
    context.dockerfile(
      `FROM ${base()}`,
      'ARG N',
      'RUN --mount=type=cache,target=/c echo $N > /one && date >> /c/dates',
      'COPY file /file',
      'RUN cat /one /file > /two',
      `FROM ${base()}`,
      'COPY --from=0 /two /three',
      'RUN cat /three',
    )
    let building = true
    const over = async (...args: string[]) => {
      while (building) {
        const { code, stderr } = await box.lichen(...args)
        // What there is to refuse is refused in words.
        if (code !== 0) expect(stderr).toMatch(/^(Error|Warning): (?!.*ENOENT)(.*\n(hint: (?!this is a bug).*\n)*)*$/)
      }
    }
    const takers = [
      over('builder', 'prune', '--all', '--force'),
      over('system', 'prune', '--all', '--force'),
      over('container', 'prune', '--force'),
      over('rmi', '--force', base()),
      over('pull', '-q', base()),
    ]
    const builders = numbers(3).map(async (at) => {
      for (const round of numbers(2)) {
        const result = await build('--build-arg', `N=${at}.${round}`)
        expect(result, result.stderr).toMatchObject({ code: 0, stderr: expect.stringContaining(` ${at}.${round}\n`) })
      }
    })
    await Promise.all(builders).finally(() => {
      building = false
    })
    await Promise.all(takers)
    await box.ok('system', 'prune', '--all', '--force')
    await expectClean()
    await box.ok('builder', 'prune', '--all', '--force')
    expect(readdirSync(join(box.data, 'layers'))).toEqual([])
    expect(await build('--build-arg', 'N=last')).toMatchObject({ code: 0, stderr: expect.stringMatching(/ last\n/) })
    await expectClean()
  })
})
