import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { run } from '../helpers/run.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const plain = (...words: string[]) => box.ok('run', '--rm', '--network', 'none', ...words)
const shell = (flags: string[], script: string) => plain(...flags, 'busybox', 'sh', '-c', script)

describe('users whom the image does not know', () => {
  // Whoever runs the tests may have the number of alice or bob.
  beforeEach(async () => {
    const dockerfile = 'FROM busybox\nRUN sed -i "/^alice:/d; /^bob:/d" /etc/passwd /etc/group\n'
    expect((await box.start(['build', '-q', '-t', 'nobodies', '-'], { input: dockerfile }).exited).code).toBe(0)
  })

  it.each(['overlay', 'fuse-overlayfs'])('with keep-id the user has a name inside (%s)', async (driver) => {
    const words = ['--userns', 'keep-id', '-w', '/work', 'nobodies', 'sh', '-c', 'whoami; tail -n 1 /etc/passwd; echo $HOME']
    expect(await box.ok('--storage-driver', driver, 'run', '--rm', '--network', 'none', ...words)).toBe(
      `${box.user.name}\n${box.user.name}:*:${box.user.uid}:${box.user.gid}:${box.user.name}:/work:/bin/sh\n/work`,
    )
  })

  it('unless that is not wanted, and once only', async () => {
    expect((await box.lichen('run', '--rm', '--userns', 'keep-id', '--passwd=false', 'nobodies', 'whoami')).code).toBe(1)
    await box.ok('create', '--name', 'twice', '--network', 'none', '--userns', 'keep-id', 'nobodies', 'grep', '-c', `^${box.user.name}:`, '/etc/passwd')
    expect([await box.ok('start', '-a', 'twice'), await box.ok('start', '-a', 'twice')]).toEqual(['1', '1'])
  })

  it('are added by --passwd-entry and --hostuser', async () => {
    const flags = ['-u', '1234', '--passwd-entry', '$USERNAME:x:$UID:$GID::/x:/bin/sh', '--hostuser', 'nobody']
    expect(await shell(flags, 'id -un; echo $HOME; grep -c ^nobody: /etc/passwd')).toBe('1234\n/x\n1')
    expect((await box.lichen('run', '--rm', '--hostuser', 'no-such-user', 'busybox', 'true')).stderr).toContain(
      'Error: there is no user no-such-user on the host',
    )
  })
})

describe('a start that failed', () => {
  it.each([
    [['busybox', 'no-such-program'], 127, 127, 'exec: "no-such-program": executable file not found in $PATH'],
    [['-w', '/etc/passwd', 'busybox', 'true'], 126, 126, 'working directory /etc/passwd: not a directory'],
    [['--device', '/dev/no-such-device', 'busybox', 'true'], 125, 128, 'error gathering device information'],
  ])('%j is kept with its code and its reason', async (words, exit, state, message) => {
    const { code } = await box.lichen('run', '--name', 'failed', ...words)
    const [status, stateCode, ...error] = (await box.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.State.Error}}', 'failed')).split(' ')
    expect([code, status, Number(stateCode), error.join(' ')]).toEqual([exit, 'created', state, expect.stringContaining(message)])
    expect(await box.ok('ps', '-a', '--format', '{{.Status}}')).toBe('Created')
  })

  it('is forgotten by one that succeeds', async () => {
    const late = join(box.files, 'late')
    const make = () => {
      mkdirSync(late)
      box.give(late)
    }
    make()
    await box.ok('create', '--name', 'later', '--mount', `type=bind,src=${late},dst=/late`, 'busybox', 'ls', '/late')
    rmSync(late, { recursive: true })
    expect((await box.lichen('start', '-a', 'later')).code).toBe(1)
    expect(await box.ok('inspect', '-f', '{{.State.Status}} {{.State.Error}}', 'later')).toMatch(/^created .*late/)
    make()
    await box.ok('start', '-a', 'later')
    expect(await box.ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}{{.State.Error}}', 'later')).toBe('exited 0')
  })

  it('by what a bind mount denies says whose the files are, and what would make them yours', async () => {
    const closed = join(box.files, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    box.give(closed)
    // Not executable: a closed folder alone does not keep the start from a program in it.
    writeFileSync(join(closed, 'program'), '#!/bin/sh\n', { mode: 0o644 })
    const { code, stderr } = await box.lichen('run', '--rm', '-u', '1000', '-v', `${closed}:/closed`, 'busybox', '/closed/program')
    const { uid, gid } = box.user
    expect([code, stderr]).toEqual([
      126,
      `Error: exec: "/closed/program": permission denied\nhint: ${closed} belongs to ${uid}:${gid} on the host (mode 700), which is 0:0 in the container; ` +
        '--userns=keep-id:uid=1000 makes user 1000 of the container you\n',
    ])
  })
})

describe('the environment', () => {
  it('has nothing of the caller, unless that is asked for', async () => {
    const env = { SOME_WORD: 'x', https_proxy: 'http://p:1' }
    const words = (flag: string[]) => ['run', '--rm', '--network', 'none', ...flag, 'busybox', 'env']
    const of = async (...flag: string[]) => (await box.start(words(flag), { env }).exited).stdout
    expect(await of()).not.toMatch(/SOME_WORD|https_proxy/)
    const all = await of('--env-host')
    expect(all).toMatch(/^SOME_WORD=x$/m)
    expect(all, 'what one part of lichen tells another').not.toMatch(/BUN_/)
    expect(await of('--http-proxy')).toMatch(/^https_proxy=http:\/\/p:1$/m)
  })

  it("can be made of the image's", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user writes
    expect(await shell(['--env-merge', 'MORE=/opt:${PATH}', '--unsetenv', 'PATH'], 'echo $MORE; echo $PATH')).toMatch(/^\/opt:\/bin\n\/usr\/local\/sbin:/)
  })
})

describe('files of the host', () => {
  it('give the time zone', async () => {
    expect(await plain('--tz', 'Asia/Tokyo', 'busybox', 'date', '+%Z')).toBe('JST')
    const { code, stderr } = await box.lichen('run', '--rm', '--tz', '../../../etc/passwd', 'busybox', 'true')
    expect([code, stderr.split('\n')[0]]).toEqual([125, 'Error: unknown time zone ../../../etc/passwd'])
  })

  it('begin /etc/hosts, or leave the one of the image', async () => {
    const hosts = join(box.files, 'hosts')
    writeFileSync(hosts, '192.0.2.9 nine')
    box.give(hosts)
    expect(await shell(['--hosts-file', hosts], 'head -n 2 /etc/hosts')).toBe('192.0.2.9 nine\n127.0.0.1\tlocalhost')
    expect(await shell(['--no-hosts', '--no-hostname'], 'ls /etc/hosts /etc/hostname 2>/dev/null | wc -l')).toBe('0')
  })

  it('are a root file system', async () => {
    const folder = join(box.files, 'root')
    mkdirSync(folder)
    await run('tar', ['-xf', join(box.files, 'busybox.tar'), '-C', folder])
    await run('chown', ['-R', `${box.user.uid}:${box.user.gid}`, folder])
    expect(await plain('--rootfs', folder, '/bin/busybox', 'sh', '-c', 'echo made > /made; id -u')).toBe('0')
    expect(readFileSync(join(folder, 'made'), 'utf8')).toBe('made\n')
    expect((await box.lichen('run', '--rm', '--rootfs', `${folder}/nope`, 'true')).stderr.split('\n')[0]).toBe(`Error: --rootfs ${folder}/nope: no such folder`)
  })
})

it('a container is killed after its --timeout, and leaves its process id in a file', async () => {
  const pidfile = join(box.files, 'pid')
  expect((await box.lichen('run', '--rm', '--network', 'none', '--timeout', '1', '--pidfile', pidfile, 'busybox', 'sleep', '1000')).code).toBe(137)
  expect(readFileSync(pidfile, 'utf8')).toMatch(/^\d+\n$/)
})

it('containers share a host name and a cgroup namespace where that is asked for', async () => {
  await box.ok('run', '-d', '--name', 'donor', '--network', 'none', '--hostname', 'shared-name', 'busybox', 'sleep', '1000')
  const look = ['sh', '-c', 'hostname; ls -l /proc/self/ns/uts /proc/self/ns/cgroup | sed "s/.*-> //"']
  const own = await box.ok('exec', 'donor', ...look)
  expect(await plain('--uts', 'container:donor', '--cgroupns', 'container:donor', 'busybox', ...look)).toBe(own)
  expect((await box.lichen('run', '--rm', '--uts', 'container:nope', 'busybox', 'true')).stderr).toBe('Error: No such container: nope\n')
})

it('what Docker and podman have and lichen has not is refused with the reason', async () => {
  for (const [flag, why] of [
    ['--runtime=nvidia', '--runtime is not supported: lichen has its own; GPUs: --device nvidia.com/gpu=all'],
    ['--pod=x', '--pod is not supported: there are no pods'],
    ['--oom-kill-disable', '--oom-kill-disable is not supported: cgroup version 2 has no such switch'],
  ] as const) {
    const { code, stderr } = await box.lichen('run', '--rm', flag, 'busybox', 'true')
    expect([code, stderr]).toEqual([125, `Error: ${why}\n`])
  }
  await plain('--runtime=runc', '--isolation=default', '--disable-content-trust', 'busybox', 'true')
})

it("ports of a container in the host's network are not published, which is said", async () => {
  const { code, stderr } = await box.lichen('create', '--network', 'host', '-p', '18099:80', 'busybox')
  expect([code, stderr]).toEqual([0, 'Warning: Published ports are discarded when using host network mode\n'])
})
