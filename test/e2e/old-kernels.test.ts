import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { Running } from '../helpers/process.ts'
import { newerCalls } from '../helpers/runtime-probe.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const program = join(box.files, 'without-syscall')
const shared = join(box.files, 'shared')

beforeAll(() => {
  execFileSync('cc', ['-O1', '-o', program, new URL('../../hack/without-syscall.c', import.meta.url).pathname, '-lseccomp'])
  mkdirSync(join(shared, 'below'), { recursive: true })
  writeFileSync(join(shared, 'file'), 'shared')
  for (const path of [shared, join(shared, 'file'), join(shared, 'below')]) box.give(path)
})

/** Runs lichen, as the test user, on a kernel without these calls. */
function on(calls: number[], args: string[]) {
  const root = process.getuid?.() === 0
  if (!root) execFileSync('sudo', ['--non-interactive', 'true']) // fails with sudo's own words: these tests need root, to leave setuid helpers alone
  const back = ['setpriv', `--reuid=${box.user.uid}`, `--regid=${box.user.gid}`, '--init-groups', '--']
  const environment = ['env', '--ignore-environment', ...Object.entries(box.env).map(([name, value]) => `${name}=${value}`)]
  const argv = [program, calls.join(','), ...back, ...environment, box.command, '--root', box.data, ...args]
  return new Running(root ? argv : ['sudo', '--non-interactive', ...argv], { env: box.env, cwd: box.files }).exited
}

const { mounts, openat2, closeRange } = newerCalls
/** Linux 4.18, as far as calls go: also pidfd_send_signal, pidfd_open, clone3, faccessat2, epoll_pwait2. */
const all = [...mounts, ...openat2, ...closeRange, 424, 434, 435, 439, 441]

describe.each(['overlay', 'fuse-overlayfs', 'vfs'])('%s', (driver) => {
  it.each<[string, number[]]>([
    ['with all calls', []],
    ['without openat2', openat2],
    ['without mount_setattr, as before Linux 5.12', [442]],
    ['without the new mount calls, as before Linux 5.2', mounts],
    ['without anything that is newer than Linux 4.18', all],
  ])('makes the same container %s', async (_, calls) => {
    const script = [
      'id -u; pwd; stat -c %t /dev/console; stat -c "%t:%T" /dev/null /proc/keys',
      'cat /mnt/file; touch /mnt/x; touch /mnt/below/x; touch /new; echo 1 > /proc/sys/kernel/domainname',
      'stat -c %U /etc/passwd; touch /etc/mine && echo mine; stat -f -c %T /scratch; ls /proc/acpi; hostname',
    ].join('; ')
    const flags = ['--network', 'none', '--read-only', '--tmpfs', '/scratch', '-h', 'bark', '-w', '/made', '-v', `${shared}:/mnt:ro`, '-v', '/etc']
    const { code, stdout } = await on(calls, ['--storage-driver', driver, 'run', '--rm', '-t', ...flags, 'busybox', 'sh', '-c', script])
    expect(stdout.replaceAll('\r', '')).toBe(
      [
        '0',
        '/made',
        '88',
        '1:3',
        '1:3',
        'sharedtouch: /mnt/x: Read-only file system',
        'touch: /mnt/below/x: Read-only file system',
        'touch: /new: Read-only file system',
        "sh: can't create /proc/sys/kernel/domainname: Read-only file system",
        'root',
        'mine',
        'tmpfs',
        'bark',
        '',
      ].join('\n'),
    )
    expect(code).toBe(0)
  })

  it('executes in a container, and stops it, without anything that is newer than Linux 4.18', async () => {
    await on(all, ['--storage-driver', driver, 'run', '-d', '--init', '--name', 'old', '--network', 'none', 'busybox', 'sleep', '1000'])
    expect(await on(all, ['exec', '-u', 'alice', '-t', 'old', 'sh', '-c', 'id -u; tty'])).toMatchObject({ code: 0, stdout: '1000\r\n/dev/pts/0\r\n' })
    expect(await on(all, ['stop', 'old'])).toMatchObject({ code: 0 })
  })
})

it('before Linux 5.2, that the shared memory of another container can not be had is said', async () => {
  await box.ok('run', '-d', '--name', 'donor', '--network', 'none', 'busybox', 'sleep', '1000')
  const { code, stderr } = await on(all, ['run', '--rm', '--network', 'none', '--ipc', 'container:donor', 'busybox', 'true'])
  expect([code, stderr.split('\n')[0]]).toEqual([125, expect.stringMatching(/^Error: cannot mount .*: before Linux 5\.2 no mount can be taken/)])
})
