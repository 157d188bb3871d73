import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const inside = (flags: string[], script: string) => box.ok('run', '--rm', '--network', 'none', ...flags, 'busybox', 'sh', '-c', script)

describe('what a container finds inside', () => {
  it.each<[string, string[], string, string]>([
    ['--domainname', ['--domainname', 'example.org'], 'cat /proc/sys/kernel/domainname', 'example.org'],
    ['--umask', ['--umask', '0077'], 'umask', '0077'],
    ['--oom-score-adj', ['--oom-score-adj', '500'], 'cat /proc/self/oom_score_adj', '500'],
    ['--shm-size', ['--shm-size', '2m'], "df -k /dev/shm | awk 'END { print $2 }'", '2048'],
    ['--shm-size 0, which is the usual one', ['--shm-size', '0'], "df -k /dev/shm | awk 'END { print $2 }'", '65536'],
    ['--group-add', ['--group-add', '1234', '--group-add', '5'], 'id -G', '0 5 1234'],
    ['--group-entry', ['-u', '1234:4321', '--group-entry', 'crew:x:$GID:'], 'tail -n 1 /etc/group', 'crew:x:4321:'],
    ['--read-only-tmpfs', ['--read-only', '--read-only-tmpfs'], 'touch /tmp/x /run/x && echo written; touch /x 2>&1 | grep -o Read-only', 'written\nRead-only'],
    ['--read-only-tmpfs=false', ['--read-only', '--read-only-tmpfs=false'], 'touch /tmp/x 2>&1 | grep -o Read-only', 'Read-only'],
  ])('%s', async (_, flags, script, expected) => expect(await inside(flags, script)).toBe(expected))

  it('--dns, --dns-search and --dns-option', async () => {
    const flags = ['--dns', '192.0.2.1', '--dns', '192.0.2.2', '--dns-search', 'a.test', '--dns-option', 'ndots:3']
    const text = await box.ok('run', '--rm', ...flags, 'busybox', 'cat', '/etc/resolv.conf')
    expect(text.split('\n').sort()).toEqual(['nameserver 192.0.2.1', 'nameserver 192.0.2.2', 'options ndots:3', 'search a.test'])
  })

  it("--unsetenv-all leaves nothing of the image's variables", async () => {
    await box.ok('create', '--name', 'base', 'busybox')
    await box.ok('commit', '-c', 'ENV OF_IMAGE=1', 'base', 'with-env')
    const of = (...flags: string[]) => box.ok('run', '--rm', ...flags, '-e', 'MINE=1', 'with-env', 'sh', '-c', 'echo "$OF_IMAGE $MINE"')
    expect([await of(), await of('--unsetenv-all')]).toEqual(['1 1', '1'])
  })

  it('--mac-address', async () => {
    expect(await box.ok('run', '--rm', '--mac-address', '92:d0:c6:0a:29:33', 'busybox', 'cat', '/sys/class/net/tap0/address')).toBe('92:d0:c6:0a:29:33')
  })
})

describe('what is written down of a container', () => {
  it('--label, --label-file and --expose', async () => {
    const file = join(box.files, 'labels')
    writeFileSync(file, 'one=1\n\n# no label\ntwo="2"\nthree\n')
    await box.ok('create', '--name', 'labelled', '--label-file', file, '-l', 'one=first', '--expose', '80', '--expose', '8000-8001/udp', 'busybox')
    const [labels, ports] = (await box.ok('inspect', '-f', '{{json .Config.Labels}} {{json .Config.ExposedPorts}}', 'labelled')).split(' ')
    expect(JSON.parse(labels!)).toEqual({ one: 'first', two: '"2"', three: '' })
    expect(Object.keys(JSON.parse(ports!)).sort()).toEqual(['80/tcp', '8000/udp', '8001/udp'])
  })

  it('-P gives every exposed port one of the host', async () => {
    await box.ok('run', '-d', '--name', 'open', '-P', '--expose', '80', '--expose', '81', 'busybox', 'sleep', '1000')
    const ports = (await box.ok('port', 'open')).split('\n')
    expect(ports).toEqual([expect.stringMatching(/^80\/tcp -> 0\.0\.0\.0:\d{4,5}$/), expect.stringMatching(/^81\/tcp -> 0\.0\.0\.0:\d{4,5}$/)])
    expect(ports[0]!.split(':')[1]).not.toBe(ports[1]!.split(':')[1])
  })

  it('--arch of an image that is here for another machine is said', async () => {
    const { code, stderr } = await box.lichen('run', '--rm', '--pull', 'never', '--arch', 's390x', 'busybox', 'true')
    expect([code, stderr]).toEqual([125, expect.stringMatching(/s390x/)])
  })
})

describe('words that mean the same', () => {
  it('of containers', async () => {
    const id = await box.ok('container', 'create', '--name', 'one', 'busybox')
    for (const list of [['ps'], ['container', 'ls'], ['container', 'list'], ['container', 'ps']]) expect(await box.ok(...list, '-aq', '--no-trunc')).toBe(id)
    expect(await box.ok('container', 'inspect', '-f', '{{.Name}}', 'one')).toBe('/one')
    expect((await box.lichen('container', 'inspect', 'busybox')).stderr).toBe('Error: No such container: busybox\n')
    expect(await box.ok('container', 'remove', 'one')).toBe('one')
  })

  it('of images, volumes, secrets and the system', async () => {
    expect(await box.ok('image', 'list', '--format', '{{.Repository}}')).toBe(await box.ok('images', '--format', '{{.Repository}}'))
    await box.ok('volume', 'create', 'kept')
    expect(await box.ok('volume', 'list', '-q')).toBe('kept')
    expect(await box.ok('volume', 'remove', 'kept')).toBe('kept')
    expect(await box.ok('secret', 'ls', '--format', '{{.Name}}')).toBe('')
    expect(await box.ok('system', 'info', '-f', '{{.OSType}}')).toBe('linux')
    expect(await box.ok('system', 'events', '--since', '1h', '--until', '0s', '--filter', 'type=volume', '--format', '{{.Action}}')).toBe('create\ndestroy')
  })

  it('are told by --help', async () => {
    const help = await box.ok('container', 'ls', '--help')
    expect(help).toMatch(
      /^Usage: {2}lichen container ls \[OPTIONS\]\n\nList containers\n\nAliases:\n {2}lichen container ls, .*lichen container list, lichen ps\n\nOptions:\n/,
    )
    expect(help).toMatch(/^ {2}-f, --filter filter +\S/m)
    expect((await box.lichen('container', 'ls', 'x')).stderr).toBe(
      'Error: "lichen container ls" accepts no arguments.\nhint: See \'lichen container ls --help\'.\n',
    )
  })
})

describe('lists', () => {
  it('ps takes --sort and --noheading', async () => {
    for (const name of ['bb', 'aa', 'cc']) await box.ok('create', '--name', name, 'busybox')
    expect(await box.ok('ps', '-a', '--sort', 'names', '--format', '{{.Names}}')).toBe('aa\nbb\ncc')
    expect(await box.ok('ps', '-a', '--format', '{{.Names}}')).toBe('cc\naa\nbb')
    expect((await box.ok('ps', '-a', '--noheading')).split('\n')).toHaveLength(3)
  })

  it('system prune takes volumes only where told to', async () => {
    await box.ok('volume', 'create', 'unused')
    await box.ok('system', 'prune', '-f')
    expect(await box.ok('volume', 'ls', '-q')).toBe('unused')
    await box.ok('run', '--rm=false', '--name', 'anonymous', '-v', '/data', 'busybox', 'true')
    await box.ok('system', 'prune', '-f', '--volumes')
    expect(await box.ok('volume', 'ls', '-q')).toBe('unused')
  })
})
