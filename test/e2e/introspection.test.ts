import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { hostileImage } from '../helpers/hostile-image.ts'
import { compileIntrospector, describeFacts, expectedHere, maskedPaths, publishedFacts } from '../helpers/introspect.ts'
import { requireTool } from '../helpers/prerequisites.ts'
import { Running } from '../helpers/process.ts'
import { useSandbox } from '../helpers/sandbox.ts'
import { asUser } from '../helpers/user.ts'

const box = useSandbox()
const published = publishedFacts()
const masked = maskedPaths(published)
/** In a container the program is /bin/introspect. */
let program = ''

beforeAll(async () => {
  program = compileIntrospector(box.files)
  await hostileImage(box, 'introspect', (root) => {
    copyFileSync(program, join(root, 'bin/introspect'))
    // For podman and crun, whose root file system is the folder itself.
    execFileSync('cp', ['-a', root, join(box.files, 'rootfs')])
  })
  const plain = join(box.files, 'rootfs')
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, plain])
})

const introspect = ['introspect', ...masked.map((path) => path.replace('/cpuN/', '/cpu0/'))]
const seen = (...flags: string[]) => box.ok('run', '--rm', '--network', 'none', ...flags, 'introspect', ...introspect)
const facts = async (...flags: string[]) => describeFacts(await seen(...flags))
const beginning = (lines: string[], ...words: string[]) => lines.filter((line) => words.some((word) => line.startsWith(word)))

describe('a container', () => {
  it('is what docs/security.md says, to the last system call', async () => {
    expect(await facts()).toEqual(expectedHere(published))
  })

  it('is the same for exec, with --init, and with a terminal, whose console it has besides', async () => {
    await box.ok('run', '-d', '--init', '--name', 'other', '--network', 'none', 'introspect', 'sleep', '1000')
    expect(describeFacts(await box.ok('exec', 'other', ...introspect))).toEqual(expectedHere(published))
    const withTerminal = describeFacts((await seen('-t')).replaceAll('\r', ''))
    const more = withTerminal.filter((fact) => fact.includes('console'))
    expect(more).toEqual([expect.stringMatching(/^mount \/dev\/console bound \S+ char 136:\d+$/), expect.stringMatching(/^device console c 136:\d+ 06[02]0$/)])
    expect(withTerminal.filter((fact) => !more.includes(fact))).toEqual(expectedHere(published))
  })

  it('has the ids of the user and of nobody else, and his limits', async () => {
    const lines = (await seen()).split('\n')
    const ranges = (name: string) => beginning(lines, `${name}_map`).map((line) => line.split(' ').slice(1).map(Number))
    const ownRanges = (file: string) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => [box.user.name, String(box.user.uid)].includes(line.split(':')[0]!))
        .map((line) => line.split(':').slice(1).map(Number))
    for (const [name, id, file] of [
      ['uid', box.user.uid, '/etc/subuid'],
      ['gid', box.user.gid, '/etc/subgid'],
    ] as const) {
      const [root, ...others] = ranges(name)
      expect(root).toEqual([0, id, 1])
      expect(others.map(([, first, size]) => [first, size])).toEqual(ownRanges(file))
    }
    const outside = execFileSync(asUser(box.user, [program])[0]!, asUser(box.user, [program]).slice(1), { encoding: 'utf8' }).split('\n')
    expect(beginning(lines, 'limit')).toEqual(beginning(outside, 'limit'))
  })

  it.each<[string, string[], string[]]>([
    ['a user has no capability', ['-u', '1000'], ['CapInh 0000000000000000', 'CapPrm 0000000000000000', 'CapEff 0000000000000000', 'CapBnd 00000000a80425fb']],
    [
      'a user who was given one has it, and can pass it on',
      ['-u', '1000', '--cap-add', 'NET_ADMIN'],
      ['CapInh 0000000000001000', 'CapPrm 0000000000001000', 'CapEff 0000000000001000', 'CapBnd 00000000a80435fb', 'CapAmb 0000000000001000'],
    ],
    ['all can be dropped', ['--cap-drop', 'ALL'], ['CapPrm 0000000000000000', 'CapEff 0000000000000000', 'CapBnd 0000000000000000']],
    ['no-new-privileges', ['--security-opt', 'no-new-privileges'], ['NoNewPrivs 1', 'CapPrm 00000000a80425fb', 'Seccomp 2']],
  ])('%s, by run and by exec alike', async (_, flags, expected) => {
    const byRun = beginning(await facts(...flags), 'status')
    expect(byRun).toEqual(expect.arrayContaining(expected.map((line) => `status ${line}`)))
    await box.ok('run', '-d', '--name', 'other', '--network', 'none', ...flags, 'introspect', 'sleep', '1000')
    expect(beginning(describeFacts(await box.ok('exec', 'other', ...introspect)), 'status')).toEqual(byRun)
  })

  it('with --privileged has all capabilities of its own user namespace, no filter and no masks, and no other ids than before', async () => {
    const lines = (await seen('--privileged')).split('\n')
    const found = describeFacts(lines.join('\n'))
    const status = (name: string) => beginning(found, `status ${name}`)[0]?.split(' ').slice(2).join(' ')
    expect([status('CapInh'), status('CapAmb'), status('NoNewPrivs'), status('Seccomp')]).toEqual(['0000000000000000', '0000000000000000', '0', '0'])
    for (const set of ['CapPrm', 'CapEff', 'CapBnd']) expect(status(set)).toMatch(/^0{5}1f{10}$/)
    expect(beginning(found, 'calls', 'socket families')).toEqual([])
    expect(beginning(found, 'mount /proc/')).toEqual([])
    expect(beginning(found, 'mount /proc ', 'mount /sys ')).toEqual([
      'mount /proc proc nosuid,nodev,noexec directory',
      'mount /sys sysfs nosuid,nodev,noexec directory',
    ])
    expect(beginning(found, 'namespace')).toEqual(beginning(published, 'namespace'))
    expect(beginning(lines, 'uid_map')[0]).toBe(`uid_map 0 ${box.user.uid} 1`)
  })

  it('is no more privileged than before after exec --privileged has looked in, whose process has all capabilities', async () => {
    await box.ok('run', '-d', '--name', 'other', '--network', 'none', 'introspect', 'sleep', '1000')
    const found = describeFacts(await box.ok('exec', '--privileged', 'other', ...introspect))
    expect(beginning(found, 'status CapEff')).toEqual([expect.stringMatching(/ 0{5}1f{10}$/)])
    // As with Docker: the filter, the masks and the devices are the container's.
    expect(beginning(found, 'mount', 'device', 'call')).toEqual(beginning(expectedHere(published), 'mount', 'device', 'call'))
    expect(describeFacts(await box.ok('exec', 'other', ...introspect))).toEqual(expectedHere(published))
  })
})

/** A command for the test user on a machine with nothing but cgroup version 2, as crun wants it: in a mount namespace, which takes root. */
function onVersion2(argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const line = ['unshare', '--mount', 'sh', '-c', 'mount -t cgroup2 none /sys/fs/cgroup && exec "$@"', 'sh', ...asUser(box.user, argv)]
  return new Running(process.getuid?.() === 0 ? line : ['sudo', '--non-interactive', ...line], { env: box.env, cwd: box.files }).exited
}

describe('beside others', () => {
  /** What runtimes differ in and nobody is the safer for: the order of mounts, and flags of mounts that hold one file or nothing. */
  const comparable = (list: string[]) =>
    list
      // The groups that root of the image is in by name stand beside the specification, which has numbers only.
      .filter((fact) => !fact.startsWith('status Groups'))
      .map((fact) =>
        fact.replace(/^(mount \/(?:proc|sys|dev)\/\S+ (?:bound|proc|tmpfs)) (?!nosuid,nodev,noexec directory).*?(directory|char.*|file).*/, '$1 $2'),
      )
      .sort()

  it('crun makes the same of the same specification', async () => {
    requireTool('crun')
    await box.ok('run', '--name', 'ours', '--network', 'none', 'introspect', ...introspect)
    const [id = ''] = readdirSync(join(box.data, 'containers'))
    const spec = JSON.parse(readFileSync(join(box.data, 'containers', id, 'config.json'), 'utf8'))
    // crun of Debian 12 knows 1.0; what is in it is the same.
    const theirs = { ...spec, ociVersion: '1.0.2', root: { ...spec.root, path: join(box.files, 'rootfs') } }
    const bundle = join(box.files, 'bundle')
    mkdirSync(bundle, { recursive: true })
    writeFileSync(join(bundle, 'config.json'), JSON.stringify(theirs))
    for (const path of [bundle, join(bundle, 'config.json')]) box.give(path)
    const { code, stdout, stderr } = await onVersion2(['crun', '--root', join(box.files, 'crun'), '--cgroup-manager=disabled', 'run', '-b', bundle, 'theirs'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(comparable(describeFacts(stdout))).toEqual(comparable(await facts()))
  })

  const podman = ['/usr/bin/podman', '/usr/local/bin/podman'].find((path) => existsSync(path))
  it.skipIf(podman === undefined)('podman (where it is installed) refuses and hides nothing that lichen does not, but for what is named here', async () => {
    const places = ['--root', join(box.files, 'podman'), '--runroot', join(box.files, 'podman-run'), '--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs']
    const words = ['run', '--rm', '--runtime', 'crun', '--network', 'none', '--rootfs', join(box.files, 'rootfs'), ...introspect]
    const { code, stdout, stderr } = await onVersion2([podman!, ...places, ...words])
    // It keeps a process for as long as the user is logged in.
    process.kill(Number(readFileSync(join(box.run, 'libpod/tmp/pause.pid'), 'utf8')))
    expect([code, stderr.replace(/^time=.*\n/gm, '')]).toEqual([0, ''])
    const [theirs, ours] = [describeFacts(stdout), await facts()]

    const refused = (list: string[]) => beginning(list, 'calls').flatMap((line) => line.split(' ').slice(2))
    const stricter = refused(theirs).filter((name) => !refused(ours).includes(name))
    // Docker's profile has these, which podman's of 2022 does not: io_pgetevents since 2022, vmsplice always, futex_waitv of Linux 5.16.
    expect(stricter.filter((name) => !['io_pgetevents', 'vmsplice', 'futex_waitv'].includes(name))).toEqual([])
    // Podman lets containers make namespaces and mount in them, and Docker does not.
    expect(refused(ours).filter((name) => !refused(theirs).includes(name))).toEqual(expect.arrayContaining(['mount', 'setns', 'unshare']))

    const capabilities = (list: string[]) => BigInt(`0x${beginning(list, 'status CapBnd')[0]?.split(' ')[2]}`)
    // Docker's three that podman's eleven are without: NET_RAW, MKNOD, AUDIT_WRITE.
    expect(capabilities(ours) & ~capabilities(theirs)).toBe((1n << 13n) | (1n << 27n) | (1n << 29n))

    const hidden = (list: string[]) => beginning(list, 'mount').flatMap((line) => /^mount (\/(?:proc|sys)\/\S+) (?:bound|proc|tmpfs) /.exec(line)?.[1] ?? [])
    // Only podman hides which block devices there are; everybody may list /sys on the host.
    expect(hidden(theirs).filter((path) => !hidden(ours).includes(path) && path !== '/sys/dev/block')).toEqual([])
    expect(beginning(ours, 'namespace', 'descriptor')).toEqual(beginning(theirs, 'namespace', 'descriptor'))
  })
})
