import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { eventually } from '../helpers/eventually.ts'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
/** What a script prints in a container without a network. */
const inside = (flags: string[], script: string) => box.ok('run', '--rm', '--network', 'none', ...flags, 'busybox', 'sh', '-c', script)
const refused = async (...flags: string[]) => {
  const { code, stdout, stderr } = await box.lichen('run', '--rm', '--network', 'none', ...flags, 'busybox', 'true')
  expect(stdout).toBe('')
  return { code, message: stderr.split('\n')[0] }
}
const capabilities = 'grep -E "^Cap(Inh|Eff|Bnd|Amb)" /proc/self/status | tr -d "\\n\\t"; echo'

describe('capabilities', () => {
  it.each<[string, string[], string]>([
    ["are Docker's fourteen", [], 'CapInh:0000000000000000CapEff:00000000a80425fbCapBnd:00000000a80425fbCapAmb:0000000000000000'],
    ['are none for a user', ['-u', '1000'], 'CapInh:0000000000000000CapEff:0000000000000000CapBnd:00000000a80425fbCapAmb:0000000000000000'],
    ['can be dropped', ['--cap-drop', 'ALL'], 'CapInh:0000000000000000CapEff:0000000000000000CapBnd:0000000000000000CapAmb:0000000000000000'],
    [
      'can be dropped but one',
      ['--cap-drop', 'all', '--cap-add', 'chown'],
      'CapInh:0000000000000000CapEff:0000000000000001CapBnd:0000000000000001CapAmb:0000000000000000',
    ],
    [
      'stay with a user who was given one',
      ['-u', '1000', '--cap-add', 'CAP_NET_ADMIN'],
      'CapInh:0000000000001000CapEff:0000000000001000CapBnd:00000000a80435fbCapAmb:0000000000001000',
    ],
    ['are all with --privileged', ['--privileged'], expect.stringMatching(/^CapInh:0{16}CapEff:0{5}1f{10}CapBnd:0{5}1f{10}CapAmb:0{16}$/) as unknown as string],
  ])('%s', async (_, flags, expected) => expect(await inside(flags, capabilities)).toEqual(expected))

  it('are worth something to a user who was given one', async () => {
    expect(await inside(['-u', '1000', '--cap-add', 'NET_ADMIN'], 'ip link set lo down && echo down')).toBe('down')
  })

  it('do not start for a user what only root may execute, by run or by exec', async () => {
    const make = 'mkdir /locked && cp /bin/busybox /locked/true && chmod 700 /locked/true && touch /made && exec sleep 1000'
    await box.ok('run', '-d', '--name', 'locked', '--network', 'none', 'busybox', 'sh', '-c', make)
    await eventually(async () => (await box.lichen('exec', 'locked', 'test', '-e', '/made')).code.toString(), /^0$/)
    await box.ok('commit', 'locked', 'locked')
    const run = ['run', '--rm', '--network', 'none']
    const denied = { code: 126, message: expect.stringMatching(/^Error: .*\/locked\/true.*permission denied/i) }
    const answer = async (...words: string[]) => {
      const { code, stderr } = await box.lichen(...words)
      return { code, message: stderr.split('\n')[0] }
    }
    for (const flags of [
      ['-u', '1000'],
      ['-u', 'alice'],
      ['-u', '1000', '--cap-add', 'NET_ADMIN'],
      ['-u', '1000', '--security-opt', 'seccomp=unconfined'],
    ]) {
      expect(await answer(...run, ...flags, 'locked', '/locked/true'), flags.join(' ')).toEqual(denied)
      if (flags.length === 2) expect(await answer('exec', ...flags, 'locked', '/locked/true')).toEqual(denied)
    }
    expect(await answer('exec', '--privileged', '-u', '1000', 'locked', '/locked/true')).toEqual(denied)
    const fine = { code: 0, message: '' }
    expect(await answer(...run, 'locked', '/locked/true')).toEqual(fine)
    expect(await answer(...run, '-u', '1000', '--cap-add', 'DAC_OVERRIDE', 'locked', '/locked/true')).toEqual(fine)
    expect(await answer('exec', 'locked', '/locked/true')).toEqual(fine)
    await box.ok('rm', '-f', 'locked')
    await box.ok('rmi', 'locked')
  })
})

describe('the sandbox', () => {
  it('hides and locks what Docker does', async () => {
    const script =
      'for f in kcore keys timer_list; do test ! -e /proc/$f || stat -c "%F" /proc/$f; done | sort -u; (echo 1 > /proc/sys/kernel/msgmax) 2>&1 | grep -o "Read-only.*"; ls /sys/firmware | wc -l'
    expect((await inside([], script)).split('\n').slice(-3)).toEqual(['character special file', 'Read-only file system', '0'])
    expect(await inside(['--security-opt', 'unmask=ALL'], 'grep -c " /proc/" /proc/mounts || true')).toBe('0')
    expect(await inside(['--security-opt', 'mask=/etc'], 'ls /etc | wc -l')).toBe('0')
  })

  it('filters system calls, unless told otherwise', async () => {
    const seccomp = 'grep Seccomp: /proc/self/status | tr -d "\\t"'
    expect(await inside([], seccomp)).toBe('Seccomp:2')
    // Under hack/without-syscall there is a filter around the tests.
    const outside = /^Seccomp:\t\d$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[0].replace('\t', '')
    expect(await inside(['--security-opt', 'seccomp=unconfined'], seccomp)).toBe(outside)
    expect(await inside(['--privileged'], seccomp)).toBe(outside)
    const profile = {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 38, excludes: { caps: ['CAP_SYS_ADMIN'] } }],
    }
    writeFileSync(join(box.files, 'profile.json'), JSON.stringify(profile))
    expect(await inside(['--security-opt', 'seccomp=profile.json'], 'mkdir /d 2>&1 || true')).toMatch(/Function not implemented/)
    expect(await inside(['--security-opt', 'seccomp=profile.json', '--cap-add', 'SYS_ADMIN'], 'mkdir /d && echo made')).toBe('made')
  })

  it('gains nothing by set-user-id programs with no-new-privileges', async () => {
    expect(await inside(['--security-opt', 'no-new-privileges'], 'grep NoNewPrivs /proc/self/status | tr -d "\\t"')).toBe('NoNewPrivs:1')
  })

  it('has no descriptor of ours, and none can be its folder (CVE-2024-21626)', async () => {
    expect(await inside([], 'ls /proc/self/fd | tr "\\n" " "')).toBe('0 1 2 3')
    const words = box.argv(['run', '--rm', '--network', 'none', '-w', '/proc/self/fd/9', 'busybox', 'pwd'])
    const { code, stderr } = await new Running(['sh', '-c', 'exec 9</; exec "$@"', 'sh', ...words], { cwd: box.files, env: box.env }).exited
    expect([code === 0, stderr]).toEqual([false, expect.stringMatching(/^Error: working directory/)])
  })

  it('lets nothing be mounted over /proc (CVE-2019-16884)', async () => {
    const path = join(box.files, 'x')
    mkdirSync(path, { recursive: true })
    box.give(path)
    writeFileSync(join(box.files, 'f'), 'stood in\n')
    expect(await refused('-v', `${path}:/proc`)).toEqual({ code: 125, message: 'Error: "/proc" cannot be mounted because it is not of type proc' })
    expect(await refused('-v', `${box.files}/f:/proc/self/attr/exec`)).toEqual({
      code: 125,
      message: 'Error: "/proc/self/attr/exec" cannot be mounted because it is inside /proc',
    })
    expect(await refused('--tmpfs', '/x/../proc/sys')).toEqual({ code: 125, message: 'Error: "/proc/sys" cannot be mounted because it is inside /proc' })
    expect(await inside(['-v', `${box.files}/f:/proc/meminfo`], 'cat /proc/meminfo')).toBe('stood in')
  })
})

describe('settings of the kernel', () => {
  it("are those that were asked for, in namespaces of the container's own", async () => {
    const flags = ['--sysctl', 'net.ipv4.ip_forward=1', '--sysctl', 'kernel.msgmax=4242']
    expect(await inside(flags, 'cd /proc/sys; cat net/ipv4/ip_forward kernel/msgmax net/ipv4/ip_unprivileged_port_start')).toBe('1\n4242\n0')
  })
  it('let every group ping', async () => {
    const range = await inside([], 'cat /proc/sys/net/ipv4/ping_group_range')
    const last = await inside([], 'tail -n 1 /proc/self/gid_map')
    const [first = 0, , size = 0] = last.trim().split(/\s+/).map(Number)
    expect(range).toBe(`0\t${first + size - 1}`)
  })
  it.each([
    [['--sysctl', 'vm.swappiness=1'], "Error: sysctl 'vm.swappiness' is not allowed"],
    [['--sysctl', 'net.core.somaxconn=1', '--network', 'host'], 'Error: sysctl "net.core.somaxconn" not allowed in host network namespace'],
    [['--cap-add', 'FOO'], 'Error: invalid CapAdd: unknown capability: "CAP_FOO"'],
    [['--security-opt', 'foo'], 'Error: Invalid --security-opt: "foo"'],
    [['--ulimit', 'nofile=99999999999'], expect.stringMatching(/^Error: ulimit nofile=99999999999 is above your own hard limit, \d+$/)],
    [['--device', '/dev/nope'], 'Error: error gathering device information while adding custom device "/dev/nope": no such device, or not yours to open'],
    [['-u', '4294967296'], 'Error: uids and gids must be in range 0-2147483647'],
    [['-u', '2000000'], expect.stringMatching(/^Error: there is no user id 2000000 in this container: it has 0-\d+$/)],
  ])('%j is refused', async (flags, message) => expect(await refused(...flags)).toEqual({ code: 125, message }))
})

describe('devices', () => {
  it("are the host's, as far as they are the user's", async () => {
    expect(await inside(['--device', '/dev/fuse:/dev/other'], 'stat -c "%F %t:%T" /dev/other /dev/null /dev/console 2>/dev/null || true')).toBe(
      'character special file a:e5\ncharacter special file 1:3',
    )
    expect(await inside(['--privileged'], 'test -c /dev/fuse && echo there')).toBe('there')
  })
})

describe("namespaces of the host's", () => {
  it('come with their files', async () => {
    expect(Number(await inside(['--pid', 'host'], 'ls /proc | grep -c "^[0-9]"'))).toBeGreaterThan(2)
    expect(await inside(['--uts', 'host'], 'hostname')).toBe(await inside(['--network', 'host'], 'hostname'))
    expect(await inside(['--network', 'host'], 'touch /sys/kernel/x 2>&1 | grep -o "Read-only.*"')).toBe('Read-only file system')
    expect(await inside(['--ipc', 'none'], 'test -e /dev/shm || echo none')).toBe('none')
  })
})

describe('namespaces of another container', () => {
  const donor = (...flags: string[]) => box.ok('run', '-d', '--name', 'donor', '--network', 'none', ...flags, 'busybox', 'sleep', '1000')

  it('network: its name, its files and its interfaces', async () => {
    await donor('--hostname', 'box', '--add-host', 'db:10.1.2.3')
    await box.ok('exec', 'donor', 'sh', '-c', 'echo "# theirs" >> /etc/hosts')
    expect(await box.ok('run', '--rm', '--network', 'container:donor', 'busybox', 'sh', '-c', 'hostname; tail -n 1 /etc/hosts; ls /sys/class/net')).toBe(
      'box\n# theirs\nlo',
    )
    expect(await box.ok('run', '--rm', '--network', 'container:donor', 'busybox', 'readlink', '/proc/self/ns/net')).toBe(
      await box.ok('exec', 'donor', 'readlink', '/proc/self/ns/net'),
    )
  })

  it('pid and ipc: its processes and its shared memory', async () => {
    await donor()
    await box.ok('exec', 'donor', 'touch', '/dev/shm/theirs')
    expect(
      await inside(['--pid', 'container:donor', '--ipc', 'container:donor'], 'cat /proc/1/cmdline | tr "\\0" " "; echo; ls /dev/shm; touch /dev/shm/ours'),
    ).toBe('sleep 1000 \ntheirs')
    expect(await box.ok('exec', 'donor', 'ls', '/dev/shm')).toBe('ours\ntheirs')
  })

  it('can only be joined as a whole, and while it runs', async () => {
    await donor()
    await box.ok('run', '-d', '--name', 'other', '--network', 'none', 'busybox', 'sleep', '1000')
    expect(await refused('--pid', 'container:donor', '--ipc', 'container:other')).toEqual({
      code: 125,
      message: expect.stringMatching(/^Error: conflicting options: the namespaces of donor and other/),
    })
    expect(await refused('--pid', 'container:nope')).toEqual({ code: 125, message: 'Error: No such container: nope' })
    await box.ok('kill', 'other')
    await box.ok('wait', 'other')
    expect(await refused('--pid', 'container:other')).toEqual({
      code: 125,
      message: expect.stringMatching(/^Error: cannot join PID namespace of a non running container: [0-9a-f]{64}$/),
    })
  })
})

describe('--userns keep-id', () => {
  it("is the user, with the image's own files as they were", async () => {
    const { uid, gid } = box.user
    expect(await inside(['--userns', 'keep-id'], 'id -u; id -g; stat -c %u /etc/passwd; touch /tmp/mine; stat -c %u /tmp/mine')).toBe(
      `${uid}\n${gid}\n0\n${uid}`,
    )
    expect(await inside(['--userns', 'keep-id:uid=1000,gid=1000'], 'id -u; id -g')).toBe('1000\n1000')
    expect(await inside(['--userns', 'keep-id', '-u', 'root'], 'id -u; touch /root/x; stat -c %u /root/x')).toBe('0\n0')
  })
  it("and files of the user are the user's on both sides", async () => {
    const path = join(box.files, 'mine')
    mkdirSync(path, { recursive: true })
    box.give(path)
    expect(await inside(['--userns', 'keep-id', '-v', `${path}:/m`], 'touch /m/x; stat -c %u /m/x')).toBe(String(box.user.uid))
  })
})

it('the loopback of the host is out of reach of its network, unless that is asked for', async () => {
  const server = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const ask = (network: string) => box.lichen('run', '--rm', '--network', network, 'busybox', 'nc', '-w', '5', '10.0.2.2', String(port))
  expect(await ask('slirp4netns')).toMatchObject({ code: 1, stdout: '' })
  expect(await ask('slirp4netns:allow_host_loopback=true')).toMatchObject({ code: 0, stdout: 'reached' })
  server.close()
})

it('control characters of labels, commands and images steer no terminal (CVE-2021-25743)', async () => {
  const evil = '\u001b]0;owned\u0007\u009b31m'
  await box.ok('create', '--name', 'evil', '--label', `a=${evil}`, 'busybox', 'echo', evil)
  await box.ok('commit', '--change', `LABEL a="${evil}"`, '-m', evil, 'evil', 'evil')
  for (const words of [
    ['ps', '-a', '--no-trunc'],
    ['ps', '-a', '--format', '{{.Labels}} {{.Command}}'],
    ['inspect', '--format', '{{.Config.Labels}}', 'evil'],
    ['history', '--no-trunc', 'evil'],
    ['image', 'inspect', '--format', '{{index .Config.Labels "a"}}', 'evil'],
    ['inspect', evil],
  ]) {
    const { stdout } = await box.terminal(words).exited
    expect([words, stdout]).toEqual([words, expect.stringMatching(/\\(x|u00)1b\]0;owned/)])
    expect(stdout).not.toMatch(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/)
  }
  await box.ok('rm', 'evil')
  await box.ok('rmi', 'evil')
})
