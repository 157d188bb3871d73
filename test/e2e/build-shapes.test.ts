import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const fixtures = fileURLToPath(new URL('../fixtures/builds', import.meta.url))
const expected = fileURLToPath(new URL('../fixtures/builds-expected', import.meta.url))
const contexts = join(box.files, 'builds')

beforeAll(() => {
  cpSync(fixtures, contexts, { recursive: true })
  // What git and the umask have made of the modes.
  execFileSync('chmod', ['-R', 'u=rwX,go=rX', contexts])
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, contexts])
})

afterAll(() => rmSync(contexts, { recursive: true, force: true }))

/** Names, modes, owners, sizes and link targets of what is not busybox itself, and digests of contents; not times. */
function listing(tar: string): string[] {
  const all = execFileSync('tar', ['--numeric-owner', '--quoting-style=escape', '-tvf', tar], { encoding: 'utf8', maxBuffer: 1 << 26 })
  const entries = all
    .trim()
    .split('\n')
    .map((line) => {
      const [, mode = '', owner = '', size = '', name = ''] = /^(\S+)\s+(\S+)\s+(\d+)\s+\S+\s+\S+\s+(.*)$/.exec(line) ?? []
      return `${name.replace(/^(\.?\/)+|(?<=.)\/$/g, '')} ${mode} ${owner} ${size}`
    })
  const contents = execFileSync('tar', ['-xf', tar, '--exclude=*bin/*', '--to-command=echo "$TAR_FILENAME $(sha256sum)"'], { encoding: 'utf8', cwd: box.files })
  const digests = contents
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^(\.?\/)+/, ''))
  return [...entries, ...digests].filter((line) => !/^( |\. |bin\/)/.test(line)).sort()
}

test.each(readdirSync(fixtures).filter((name) => name !== 'README.md'))('%s', async (name) => {
  const context = join(contexts, name)
  const tar = join(box.files, 'image.tar')
  if (existsSync(join(context, 'base.Dockerfile'))) await box.ok('build', '-q', '-t', `${name}-base`, '-f', join(context, 'base.Dockerfile'), context)
  await box.ok('build', '-q', '-t', name, '--output', `type=tar,dest=${tar}`, '--output', `type=image,name=${name}`, context)
  const config = JSON.parse(await box.ok('image', 'inspect', name))[0].Config
  const filled = Object.fromEntries(Object.entries(config).filter(([, value]) => value !== null && value !== '' && value !== false))
  const found = { files: listing(tar), config: filled }
  rmSync(tar, { force: true })
  expect(found).toEqual(JSON.parse(readFileSync(join(expected, `${name}.json`), 'utf8')))
})
