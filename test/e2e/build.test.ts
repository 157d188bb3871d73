// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { useBuildContext } from '../helpers/build-context.ts'
import { layerTar } from '../helpers/layer-tar.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const { path: context, put, dockerfile } = useBuildContext(box)
const build = (...flags: string[]) => box.start(['build', ...flags, context]).exited
const built = async (...flags: string[]) => box.ok('build', '-q', ...flags, context)
const inside = (image: string, script: string) => box.ok('run', '--rm', '--entrypoint', '', '--network', 'none', image, 'sh', '-c', script)
const config = async (image: string) => JSON.parse(await box.ok('image', 'inspect', image))[0].Config

describe('a build', () => {
  test('of several stages: files, owners, modes and configuration', async () => {
    put('a.txt', 'a\n')
    put('sub/b.txt', 'b\n', 0o640)
    put('run.sh', '#!/bin/sh\necho "run $*"\n', 0o755)
    dockerfile(
      'ARG BASE=nothing',
      'FROM $BASE AS build',
      'ARG VERSION=1',
      'ENV GREETING="hi ${VERSION}"',
      'WORKDIR /src/deep',
      'COPY a.txt sub ./',
      'RUN echo "$GREETING" > out.txt && chmod 4755 out.txt && rm b.txt && ln -s out.txt link',
      'FROM unused AS unused',
      'RUN false',
      'FROM busybox',
      'COPY --from=build --chown=12:34 /src/deep/ /data/',
      'COPY <<EOT run.sh /usr/local/bin/',
      'one $PATH',
      'EOT',
      'USER 12:34',
      'WORKDIR /data',
      'VOLUME ["/vol"]',
      'EXPOSE 80 53/udp',
      'LABEL a=b "c d"=e',
      'ENTRYPOINT ["/usr/local/bin/run.sh"]',
      'CMD ["x", "y"]',
    )
    const { code, stderr } = await build('-t', 'multi', '--build-arg', 'BASE=busybox', '--build-arg', 'VERSION=7', '--label', 'l=m')
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(await box.ok('run', '--rm', '--network', 'none', 'multi')).toBe('run x y')
    expect(await inside('multi', 'cat out.txt; stat -c "%n %a %u %g" * ; readlink link; cat /usr/local/bin/EOT; id -u')).toBe(
      ['hi 7', 'a.txt 644 12 34', 'link 777 12 34', 'out.txt 4755 12 34', 'out.txt', 'one /bin', '12'].join('\n'),
    )
    expect(await config('multi')).toMatchObject({
      User: '12:34',
      WorkingDir: '/data',
      Volumes: { '/vol': {} },
      ExposedPorts: { '80/tcp': {}, '53/udp': {} },
      Labels: { a: 'b', 'c d': 'e', l: 'm' },
      Entrypoint: ['/usr/local/bin/run.sh'],
      Cmd: ['x', 'y'],
    })
    expect(await box.ok('history', '--format', '{{.CreatedBy}}', '--no-trunc', 'multi')).toContain('COPY --chown=12:34 /src/deep/ /data/ # buildkit')
  })

  test('takes a step from the cache as long as nothing of it has changed', async () => {
    put('a', '1')
    dockerfile('FROM busybox', 'COPY a /a', 'RUN cat /a > /b; cat /proc/sys/kernel/random/uuid > /c')
    const first = await built()
    expect(await built()).toBe(first)
    execFileSync('touch', ['-d', '2001-01-01', join(context, 'a')])
    expect(await built()).toBe(first)
    put('a', '2')
    const second = await built()
    expect(second).not.toBe(first)
    expect(await inside(second, 'cat /b')).toBe('2')
    put('a', '1')
    expect(await built()).toBe(first)
    chmodSync(join(context, 'a'), 0o600)
    expect(await built()).not.toBe(first)
    expect(await built('--no-cache')).not.toBe(first)
  })

  test('gives the same image each time with --timestamp', async () => {
    put('a', 'x')
    dockerfile('FROM busybox', 'WORKDIR /w', 'COPY a .', 'RUN echo y > b && mkdir d && ln -s b d/l')
    const ids = [await built('--timestamp', '1000000000', '--no-cache'), await built('--timestamp', '1000000000', '--no-cache')]
    expect(ids[1]).toBe(ids[0])
    expect(await inside(ids[0]!, 'stat -c %Y /w/a /w/b /w/d')).toBe('1000000000\n1000000000\n1000000000')
  })

  test.each([
    ['whatever the driver is', ['overlay', 'fuse-overlayfs', 'vfs'], 'RUN rm /a/b/c'],
    // By comparing trees vfs can't tell a new directory from an old one whose files are gone.
    ['of a directory that is made anew, but with vfs', ['overlay', 'fuse-overlayfs'], 'RUN rm -r /a/b && mkdir /a/b'],
  ])('gives the same image with --timestamp %s', async (_, drivers, last) => {
    put('file', 'content')
    dockerfile('FROM busybox', 'RUN mkdir -p /a/b && echo 1 > /a/b/c && ln /a/b/c /d && rm /etc/group', 'COPY file /a/', last)
    const ids: string[] = []
    for (const driver of drivers) ids.push(await box.ok('--storage-driver', driver, 'build', '-q', '--no-cache', '--timestamp', '1700000000', context))
    expect(new Set(ids).size).toBe(1)
  })

  test('hides what a step has removed, and what a directory had before', async () => {
    dockerfile('FROM busybox', 'RUN mkdir -p /d/e && touch /d/e/old /gone', 'RUN rm /gone && rm -r /d/e && mkdir /d/e && touch /d/e/new')
    const image = await built()
    expect(await inside(image, 'ls /d/e; test -e /gone || echo no')).toBe('new\nno')
  })

  test('from scratch, with a Dockerfile on standard input', async () => {
    const { code, stdout, stderr } = await box.start(['build', '-q', '-'], { input: 'FROM scratch\nCOPY <<a /f\nx\na\nLABEL q=r\n' }).exited
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect((await config(stdout.trim())).Labels).toEqual({ q: 'r' })
  })

  test('carries out the triggers of its base', async () => {
    put('app', 'app\n')
    dockerfile('FROM busybox', 'ONBUILD COPY app /app', 'ONBUILD RUN cat /app > /seen')
    await built('-t', 'base')
    dockerfile('FROM base', 'RUN cat /seen /seen > /twice')
    expect(await inside(await built(), 'cat /twice')).toBe('app\napp')
  })

  test('has caches, secrets, tmpfs and the context for a RUN, and nothing of them in a layer', async () => {
    put('secret', 'hush')
    put('file', 'of the context')
    dockerfile(
      'FROM busybox',
      'RUN --mount=type=cache,target=/c,id=one echo x >> /c/f && cp /c/f /first',
      'RUN --mount=type=cache,target=/d,id=one cat /d/f > /second',
      'RUN --mount=type=secret,id=s,required=true wc -c < /run/secrets/s > /length',
      'RUN --mount=type=bind,source=file,target=/mnt/f cat /mnt/f > /copied',
      'RUN --mount=type=tmpfs,target=/t touch /t/x',
    )
    const image = await built('--secret', `id=s,src=${join(context, 'secret')}`)
    expect(await inside(image, 'cat /first /second /length /copied; ls -A /c /d /t 2>/dev/null | grep -v :; true')).toBe('x\nx\n4\nof the context')
    const found = (await build('--no-cache')).stderr
    expect(found).toContain('secret s: not found')
  })

  test('mounts stages, images, copies of its context, caches that begin with something, and secrets as variables', async () => {
    put('secret', 'hush')
    put('dir/f', 'f\n')
    dockerfile(
      'FROM busybox AS a',
      'RUN mkdir -p /out/sub && echo one > /out/one && chown 5:6 /out/one',
      'FROM busybox',
      'RUN mkdir /r',
      "RUN --mount=from=a,source=/out,target=/m stat -c '%n %u %g' /m/one /m/sub > /r/1 && ! touch /m/x",
      'RUN --mount=from=a,source=/out/one,target=/m/file --mount=from=busybox,target=/b cat /m/file > /r/2 && test -x /b/bin/sh',
      'RUN --mount=from=a,source=/out,target=/m,rw --mount=source=dir,target=/d,rw touch /m/x /d/x && ls /m /d > /r/3',
      "RUN --mount=type=cache,target=/c,uid=7,gid=8,mode=0711 stat -c '%u %g %a' /c > /r/4 && touch /c/x",
      'RUN --mount=type=cache,target=/c,from=a,source=/out touch /c/new',
      // Two places of one cache: with a lock each, they would wait for each other for ever.
      'RUN --mount=type=cache,target=/c,from=a,source=/out,sharing=locked --mount=type=cache,id=/c,target=/e,from=a,source=/out,sharing=locked ls /c /e > /r/5',
      'RUN --mount=type=cache,target=/c ls /c > /r/6',
      "RUN --mount=type=secret,id=s,env=TOKEN --mount=type=secret,id=s,uid=9,gid=10,mode=0440,target=/etc/my/s stat -c '%u %g %a' /etc/my/s > /r/7 && echo ${#TOKEN} $(wc -c < /etc/my/s) >> /r/7",
      'RUN --mount=type=tmpfs,target=/t,size=1m df /t | grep -c " 1024 " > /r/8',
      'WORKDIR /w',
      'RUN --mount=type=cache,target=rel cp -r rel /r/9',
    )
    const image = await built('--secret', `id=s,src=${join(context, 'secret')}`)
    expect(await inside(image, 'cd /r && cat 1 2 3 4 5 6 7 8; ls -d 9; ls -A / | grep -x "[bcdemt]"; ls -d /etc/my /w/rel /run 2>/dev/null; true')).toBe(
      [
        ...['/m/one 5 6', '/m/sub 0 0', 'one', '/d:', 'f', 'x', '', '/m:', 'one', 'sub', 'x', '7 8 711'],
        ...['/c:', 'new', 'one', 'sub', '', '/e:', 'new', 'one', 'sub', '9 10 440', '4 4', '1', '9'],
      ].join('\n'),
    )
    expect(readdirSync(join(context, 'dir'))).toEqual(['f'])
  })

  test("makes the working directory its user's, and --parents keeps what is behind a /./", async () => {
    put('x/y/a', 'a')
    put('x/y/z/b', 'b')
    dockerfile(
      'FROM busybox AS one',
      'COPY --parents x/./y/* x/y/./z/b /ctx/',
      'FROM busybox',
      'COPY --parents --from=one /ctx/./z /ctx/y/*/./b /stage/',
      'RUN mkdir /apps',
      'USER 12:34',
      'WORKDIR /apps/app/deep',
      'RUN touch mine',
      'WORKDIR /apps',
    )
    await built('-t', 'way')
    expect(await inside('way', 'cd /; find stage ctx -type f 2>/dev/null | sort; stat -c "%u:%g %n" /apps /apps/app /apps/app/deep')).toBe(
      'stage/b\nstage/z/b\n0:0 /apps\n12:34 /apps/app\n12:34 /apps/app/deep',
    )
    dockerfile('FROM busybox', 'COPY --parents x/./y/* x/y/./z/b /ctx/')
    await built('-t', 'way')
    expect(await inside('way', 'find /ctx -type f | sort')).toBe('/ctx/y/a\n/ctx/y/z/b\n/ctx/z/b')
  })

  test('unpacks what ADD takes from a tar, and COPY does not', async () => {
    put('in/x', 'x\n')
    execFileSync('tar', ['-czf', join(context, 't.tgz'), '-C', join(context, 'in'), '--owner=5', '--group=6', 'x'])
    dockerfile('FROM busybox', 'ADD t.tgz /a/', 'COPY t.tgz /b/')
    expect(await inside(await built(), 'stat -c "%n %u %g" /a/x; ls /b')).toBe('/a/x 5 6\nt.tgz')
  })

  test('takes several sources into a directory that is there, and makes WORKDIR where a link leads to', async () => {
    for (const name of ['a', 'b']) put(name, name)
    dockerfile('FROM busybox', 'RUN mkdir /d && ln -s /later/on /link && ln -s link /first', 'COPY a b /d', 'WORKDIR /first', 'COPY a .')
    expect(await inside(await built(), 'ls /d /later/on')).toBe('/d:\na\nb\n\n/later/on:\na')
    dockerfile('FROM busybox', 'COPY a b /new')
    const { code, stderr } = await build()
    expect(code).toBe(1)
    expect(stderr).toContain('When using COPY with more than one source file, the destination must be a directory and end with a /\n')
  })

  test('unpacks as tar does in a chroot: what is in the way goes, and links lead no further than the directory', async () => {
    const tar = layerTar([
      { name: '' },
      { name: 'full', content: 'a file\n' },
      { name: 'plain/', type: '5' },
      { name: 'link/', type: '5' },
      { name: 'up', type: '2', link: '..' },
      { name: 'up/etc/one', content: '1\n' },
      { name: 'out', type: '2', link: '/etc' },
      { name: 'out/two', content: '2\n' },
    ])
    writeFileSync(join(context, 't.tar'), tar)
    dockerfile('FROM busybox', 'RUN mkdir -p /d/full/dir && touch /d/full/dir/x /d/plain && ln -s /tmp /d/link', 'ADD t.tar /d')
    const script = 'cd /d; cat full; stat -c "%F %n" plain link; find . -name one -o -name two | sort; ls /etc/one /etc/two 2>/dev/null || echo none'
    expect(await inside(await built(), script)).toBe('a file\ndirectory plain\ndirectory link\n./etc/one\n./etc/two\nnone')
  })

  test('leaves out what .dockerignore says', async () => {
    for (const name of ['keep.md', 'no.md', 'dir/a', 'dir/b']) put(name, name)
    put('.dockerignore', '*.md\n!keep.md\ndir\n!dir/b\n')
    dockerfile('FROM busybox', 'COPY . /c')
    expect(await inside(await built(), 'cd /c; find . -type f | sort')).toBe('./.dockerignore\n./Dockerfile\n./dir/b\n./keep.md')
  })

  test('does not follow links out of the context, nor out of the image', async () => {
    put('x', 'x\n')
    symlinkSync('/etc/hostname', join(context, 'out'))
    symlinkSync('../../../../x', join(context, 'up'))
    dockerfile('FROM busybox', `RUN ln -s ${box.files} /evil`, 'COPY x /evil/stolen', 'COPY up /up')
    expect(await inside(await built(), 'cat /up')).toBe('x')
    expect(existsSync(join(box.files, 'stolen'))).toBe(false)
    dockerfile('FROM busybox', 'COPY out /out')
    const { code, stderr } = await build()
    expect(code).toBe(1)
    expect(stderr).toContain('"out" not found in the build context')
  })
})

describe('mistakes', () => {
  test.each<[string, string[], string, string[]?]>([
    ['an unknown instruction', ['FROM busybox', 'COPPY a b'], 'Dockerfile:2:1: unknown instruction: COPPY'],
    ['a step that fails', ['FROM busybox', 'RUN echo last words; exit 7'], 'did not complete successfully: exit code: 7'],
    ['a path outside', ['FROM busybox', 'COPY ../x /'], 'forbidden path outside the build context: ../x'],
    ['a missing file', ['FROM busybox', 'COPY nothing /'], '"nothing" not found in the build context'],
    ['a missing target', ['FROM busybox AS a'], 'target stage "b" could not be found', ['--target', 'b']],
    ['stages in a circle', ['FROM busybox AS a', 'COPY --from=b /x /', 'FROM a AS b'], 'circular dependency detected on stage'],
    ['an unknown user', ['FROM busybox', 'COPY --chown=nobody0 Dockerfile /'], 'unable to find user nobody0'],
    ['a directory in the way', ['FROM busybox', 'RUN mkdir -p /f/Dockerfile', 'COPY Dockerfile /f/'], 'cannot overwrite directory'],
    ['an address where nobody is', ['FROM busybox', 'ADD http://127.0.0.1:1/x /'], "http://127.0.0.1:1/x can't be downloaded"],
    ['a variable that must be set', ['FROM busybox', 'ENV A="${B:?no B}"'], 'B: no B'],
  ])('%s', async (_, lines, message, flags = []) => {
    dockerfile(...lines)
    const before = await box.ok('images', '-q')
    const { code, stderr } = await build(...flags, '-t', 'bad')
    expect(code).toBe(1)
    expect(stderr).toContain(message)
    expect(await box.ok('images', '-q')).toBe(before)
    expect(await box.ok('ps', '-aq')).toBe('')
  })

  test('--check says what could be better, and # check=error=true refuses it', async () => {
    dockerfile('# check=error=true', 'FROM nothing AS Upper')
    const { code, stdout } = await build('--check')
    expect({ code, stdout }).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("WARNING: StageNameCasing\nStage name 'Upper' should be lowercase\nDockerfile:2\n"),
    })
    expect(await build()).toMatchObject({ code: 1, stderr: expect.stringContaining('lint violation found for rules: StageNameCasing') })
    expect(await build('--check', '--build-arg', 'BUILDKIT_DOCKERFILE_CHECK=skip=all')).toMatchObject({
      code: 0,
      stdout: 'Check complete, no warnings found.\n',
    })
  })

  test('--check knows the variables of base images that are here', async () => {
    dockerfile('FROM busybox', 'WORKDIR /x$PATH$HOMEE')
    expect((await build('--check')).stdout).toContain("WARNING: UndefinedVar\nUsage of undefined variable '$HOMEE'\nDockerfile:2\n")
    dockerfile('FROM nothing', 'WORKDIR /x$PATH$HOMEE')
    expect((await build('--check')).code).toBe(0)
  })

  test('arguments of a stage go on in the stages that build on it', async () => {
    dockerfile('FROM busybox AS one', 'ARG WHO=joe', 'FROM one', 'RUN test "$WHO" = ann', 'LABEL who=$WHO')
    await built('-t', 'who', '--build-arg', 'WHO=ann')
    expect((await config('who')).Labels).toEqual({ who: 'ann' })
  })

  test('--call tells of the Dockerfile, and builds nothing', async () => {
    dockerfile('FROM nothing AS one', '# V a version', 'ARG V=1', 'FROM one AS two', 'RUN --mount=type=secret,id=s true')
    expect((await build('--call', 'targets')).stdout).toBe('TARGET          DESCRIPTION\none\ntwo (default)\n')
    expect((await build('--call', 'outline', '--target', 'two', '--build-arg', 'V=2')).stdout).toBe(
      'TARGET: two\n\nBUILD ARG   VALUE   DESCRIPTION\nV           2       a version\n\nSECRET   REQUIRED\ns\n\n',
    )
    const { code, stdout } = await build('--call', 'check,format=json')
    expect({ code, warnings: JSON.parse(stdout).warnings }).toEqual({ code: 0, warnings: [] })
    expect(await build('--call', 'outline', '--target', 'none')).toMatchObject({ code: 1, stderr: expect.stringContaining('"none" could not be found') })
  })

  test('--provenance=false is taken, and what asks for attestations is refused', async () => {
    dockerfile('FROM busybox')
    await built('--provenance=false', '--sbom=false', '--attest', 'type=provenance,mode=min,inline-only=true')
    expect(await build('--provenance=mode=max')).toMatchObject({ code: 1, stderr: expect.stringContaining('--provenance is not supported') })
  })

  test('the last words of a step are shown', async () => {
    dockerfile('FROM busybox', 'RUN echo last words; \\', '  exit 7')
    // With -q, too, and nothing else.
    expect((await build('-q')).stderr).toMatch(
      /^------\n > \[2\/2\] RUN .*:\n\d+\.\d{3} last words\n------\nError: .*\nhint: Dockerfile:2: RUN echo last words; \\\nhint: {3}exit 7\n$/,
    )
    dockerfile('FROM busybox', 'RUN echo last words; exit 7')
    expect((await build()).stderr).toMatch(/#2 ERROR: .*\n------\n > \[2\/2\] RUN echo last words; exit 7:\n\d+\.\d{3} last words\n------\n/)
  })
})

describe('a build that ends early', () => {
  afterEach(async () => {
    await box.ok('rm', '--all', '--force')
  })

  test('by ctrl-c leaves no container and no image, and the next one works', async () => {
    dockerfile('FROM busybox', 'RUN echo begun; sleep 1000')
    const running = box.start(['build', '-t', 'late', context])
    await running.printed(/\d begun/, 'stderr')
    running.kill('SIGINT')
    expect(await running.exited).toMatchObject({ code: 130 })
    expect(await box.ok('ps', '-aq')).toBe('')
    dockerfile('FROM busybox', 'RUN true')
    await built()
  })

  test('by SIGKILL is swept up by the next', async () => {
    dockerfile('FROM busybox', 'RUN echo begun; sleep 1000')
    const running = box.start(['build', context])
    await running.printed(/\d begun/, 'stderr')
    running.kill('SIGKILL')
    await running.exited
    expect(await box.ok('ps', '-q')).not.toBe('')
    dockerfile('FROM busybox', 'RUN true')
    await built()
    expect(await box.ok('ps', '-aq')).toBe('')
    expect(execFileSync('find', [box.run, '-path', '*/builds/*'], { encoding: 'utf8' })).toBe('')
  })
})

test('builder prune forgets steps, and what no image needs goes', async () => {
  dockerfile('FROM busybox', 'RUN --mount=type=cache,target=/c touch /c/x', 'RUN echo prune > /p')
  const image = await built()
  const layers = () => readdirSync(join(box.data, 'layers')).length
  const ids = async (...flags: string[]) => (await box.ok('builder', 'du', '--format', '{{.ID}} {{.Description}}', ...flags)).split('\n')
  const all = await ids()
  const wanted = all.find((line) => line.includes('echo prune'))!
  expect(await box.ok('builder', 'du')).toMatch(/^ID +RECLAIMABLE +SIZE +LAST ACCESSED\n.*\nTotal: +\d/s)
  expect(await box.ok('builder', 'du', '--verbose', '--filter', 'description=echo prune')).toMatch(/Reclaimable: +false\nShared: +true\n.*Usage count: +1\n/s)
  await built()
  expect(await box.ok('builder', 'du', '--verbose', '--filter', `id=${wanted.slice(0, 20)}`)).toMatch(/Usage count: +2\n/)
  const row = async () => (await box.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Size}}')).split('\n').at(-1)
  expect(await row()).toMatch(new RegExp(`^Build Cache ${all.length} `))

  // An image has the step, too: that is not dangling.
  await box.ok('builder', 'prune', '--force')
  expect(await ids()).toContain(wanted)
  await box.ok('rmi', image)
  const before = layers()
  expect(await box.ok('builder', 'prune', '--force', '--filter', 'until=1h')).toBe('Total reclaimed space: 0B')
  expect(await box.ok('builder', 'prune', '--force', '--keep-storage', '1gb')).toBe('Total reclaimed space: 0B')
  const { stdout } = await box.start(['builder', 'prune'], { input: 'n\n' }).exited
  expect(stdout).toContain('WARNING! This will remove all dangling build cache.\nAre you sure you want to continue? [y/N]')
  expect(await box.ok('system', 'prune', '--force', '--filter', 'label=x')).toBe('Total reclaimed space: 0B')
  expect(await ids()).toContain(wanted)
  const said = await box.ok('system', 'prune', '--force')
  expect(said).toMatch(/Deleted build cache objects:\n.*\n\nTotal reclaimed space: \d/s)
  expect(said).toContain(wanted.slice(0, 25))
  expect(layers()).toBeLessThan(before)
  expect(await ids('--filter', 'type=exec.cachemount')).not.toEqual([''])
  expect(await box.ok('builder', 'prune', '--force', '--all')).toMatch(/^Deleted build cache objects:\n[0-9a-f]{64}\n/)
  expect(await row()).toBe('Build Cache 0 0B')
})
