import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { layerTar } from '../helpers/layer-tar.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = join(box.files, 'context')

beforeEach(() => {
  rmSync(context, { recursive: true, force: true })
  mkdirSync(join(context, 'tree/sub'), { recursive: true })
  writeFileSync(join(context, 'tree/plain'), 'plain\n', { mode: 0o600 })
  writeFileSync(join(context, 'tree/sub/program'), '#!/bin/sh\n', { mode: 0o700 })
})

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, context])
}

const build = (...flags: string[]) => box.start(['build', '--progress', 'plain', '-t', 'result', ...flags, context]).exited
const layers = async (): Promise<string[]> => JSON.parse(await box.ok('image', 'inspect', '--format', '{{json .RootFS.Layers}}', 'result'))
const inResult = (script: string) => box.ok('run', '--rm', '--network', 'none', 'result', 'sh', '-c', script)

describe('COPY --link', () => {
  const onto = (...base: string[]) => dockerfile('FROM busybox', ...base, 'COPY --link --chown=7:8 tree /srv/data', 'ADD --link tree/plain /srv/data/')

  test('comes from the cache whatever is below, as the same layer', async () => {
    onto('RUN echo one > /one')
    expect(await build()).toMatchObject({ code: 0 })
    const first = (await layers()).slice(-2)
    onto('RUN echo two > /two && mkdir /srv /srv/data && echo kept > /srv/data/kept && chmod 700 /srv')
    const { code, stderr } = await build()
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect([...stderr.matchAll(/^#(\d+) .*(COPY|ADD) --link.*\n#\1 CACHED/gm)].map(([, , name]) => name)).toEqual(['COPY', 'ADD'])
    expect((await layers()).slice(-2)).toEqual(first)
    // Nothing that was below is hidden.
    expect(await inResult('cat /two /srv/data/kept /srv/data/plain; stat -c "%u:%g %a" /srv/data/sub/program')).toBe('two\nkept\nplain\n7:8 700')
  })

  test('follows no link of the image: its way is made of directories', async () => {
    onto('RUN mkdir -p /elsewhere/data && ln -s elsewhere /srv')
    expect(await build()).toMatchObject({ code: 0 })
    expect(await inResult('test -L /srv && echo link; ls /elsewhere/data; cat /srv/data/plain')).toBe('plain')
    dockerfile('FROM busybox', 'RUN mkdir -p /elsewhere/data && ln -s elsewhere /srv', 'COPY tree /srv/data')
    expect(await build()).toMatchObject({ code: 0 })
    expect(await inResult('test -L /srv && echo link; cat /elsewhere/data/plain')).toBe('link\nplain')
  })

  test('from another stage, on scratch, into the working directory', async () => {
    dockerfile(
      'FROM busybox AS files',
      'RUN mkdir /o && echo 1 > /o/a && ln /o/a /o/b && ln -s a /o/c && chown 5:6 /o/a',
      'FROM busybox',
      'WORKDIR /deep/down',
      'COPY --link --from=files /o .',
    )
    expect(await build()).toMatchObject({ code: 0 })
    expect(await inResult('stat -c "%N %u:%g %h" a b c')).toBe("a 5:6 2\nb 5:6 2\n'c' -> 'a' 0:0 1")
  })

  test('names of owners are refused, but root', async () => {
    dockerfile('FROM busybox', 'COPY --link --chown=daemon tree /x')
    expect(await build()).toMatchObject({ code: 1, stderr: expect.stringContaining("names can't be looked up with --link") })
    dockerfile('FROM busybox', 'COPY --link --chown=root:root tree /x')
    expect(await build()).toMatchObject({ code: 0 })
  })
})

test('--chmod: octal, and as chmod(1) has it, with variables', async () => {
  dockerfile(
    'FROM busybox AS files',
    'RUN mkdir -p /o/d && echo > /o/d/x && chmod 4711 /o/d/x && chmod 700 /o/d',
    'FROM busybox',
    'ARG WHO=go',
    'COPY --chmod=u=rwX,go=rX tree /symbolic',
    'COPY --chmod=$WHO-rwx tree /variable',
    'COPY --chmod=0751 tree /octal',
    'COPY --chmod=a+rX,u-s --from=files /o /stage',
    'COPY --chmod=+x <<EOF /here',
    'content',
    'EOF',
  )
  expect(await build()).toMatchObject({ code: 0 })
  const modes = await inResult('stat -c "%n %a" /symbolic/plain /symbolic/sub /symbolic/sub/program /variable/sub /octal/plain /stage/d /stage/d/x /here')
  expect(Object.fromEntries(modes.split('\n').map((line) => line.split(' ')))).toEqual({
    '/symbolic/plain': '644',
    '/symbolic/sub': '755',
    '/symbolic/sub/program': '755',
    '/variable/sub': '700',
    '/octal/plain': '751',
    '/stage/d': '755',
    '/stage/d/x': '755',
    '/here': '755',
  })
  dockerfile('FROM busybox', 'COPY --chmod=u+q tree /x')
  expect(await build()).toMatchObject({ code: 1, stderr: expect.stringContaining("invalid chmod parameter: 'u+q'") })
})

test('file capabilities, attributes and setuid go from stage to stage', async () => {
  const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
  const pax = { 'SCHILY.xattr.security.capability': capability, 'SCHILY.xattr.user.color': 'blue' }
  writeFileSync(join(context, 'files.tar'), layerTar([{ name: 'program', content: 'x', mode: 0o4755, uid: 3, pax }]))
  dockerfile(
    'FROM scratch AS one',
    'ADD files.tar /a/',
    'FROM scratch AS two',
    'COPY --from=one /a /b',
    'FROM scratch',
    'COPY --from=two /b/program /c',
    'COPY --link --from=two /b /d',
  )
  const out = join(box.files, 'out.tar')
  await box.ok('build', '-q', '-o', `type=tar,dest=${out}`, context)
  const tar = readFileSync(out)
  expect(execFileSync('tar', ['--numeric-owner', '-tvf', out], { encoding: 'utf8' }).match(/^-rwsr-xr-x 3\/0 .* (c|d\/program)$/gm)).toHaveLength(2)
  for (const [name, value] of Object.entries(pax)) {
    const record = Buffer.concat([Buffer.from(`${name}=`), Buffer.from(value)])
    expect(tar.indexOf(record, tar.indexOf(record) + 1), name).toBeGreaterThan(0)
  }
})

test('history tells the steps in the words of BuildKit, and which have a layer', async () => {
  dockerfile('FROM busybox', 'ENV A=1', 'COPY --chown=1:1 tree/plain /x', 'RUN true', 'WORKDIR /w', 'CMD ["a", "b"]')
  await box.ok('build', '-q', '-t', 'result', context)
  const rows = (await box.ok('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'result')).split('\n').slice(0, 5)
  expect(rows).toEqual(
    ['CMD ["a" "b"]', 'WORKDIR /w', 'RUN /bin/sh -c true # buildkit', 'COPY --chown=1:1 tree/plain /x # buildkit', 'ENV A=1'].map(
      (row) => `${row}|buildkit.dockerfile.v0`,
    ),
  )
  const archive = join(box.files, 'history.tar')
  await box.ok('save', '-o', archive, 'result')
  const id = (await box.ok('image', 'inspect', '--format', '{{.Id}}', 'result')).slice('sha256:'.length)
  const { history } = JSON.parse(execFileSync('tar', ['-xOf', archive, `blobs/sha256/${id}`], { encoding: 'utf8' }))
  expect(history.slice(-5).map(({ empty_layer = false }) => empty_layer)).toEqual([true, false, false, false, true])
})
