import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseCreateOptions } from '../../../lib/cli/create-options.ts'
import { runTable } from '../../../lib/cli/create-table.ts'
import { parseArgs } from '../../../lib/cli/parse.ts'

const read = async (...words: string[]) =>
  parseCreateOptions(parseArgs([...words, 'img'], runTable, { min: 1, max: Infinity, stopAtFirst: true }, 'lichen run'), { HOME: '/h', EMPTY: '' })
const volume = (type: string, source: string, target: string, readOnly = false, options: string[] = []) => ({
  volumes: [{ type, source, target, readOnly, options }],
})
const port = (hostIp: string, hostPort: number | undefined, containerPort: number, protocol = 'tcp') => ({ hostIp, hostPort, containerPort, protocol })

describe('flags of run and create', () => {
  it.each<[string[], object]>([
    [
      [],
      {
        image: 'img',
        command: [],
        name: undefined,
        entrypoint: undefined,
        pull: 'missing',
        shmSize: undefined,
        network: '',
        pid: 'private',
        sigProxy: true,
        detach: false,
      },
    ],
    [['--stop-timeout', '-5', '--pids-limit', '-5'], { stopTimeout: -1, limits: { pidsLimit: -1 } }],
    [['--cpu-period', '50000', '--cpu-quota', '25000'], { limits: { cpuPeriod: 50_000, cpuQuota: 25_000 } }],
    [['--cpuset-mems', '0', '--blkio-weight', '100'], { limits: { cpusetMems: '0', blkioWeight: 100 } }],
    [['-v', '/a:/b'], volume('bind', '/a', '/b')],
    [['-v', '/a:/b:ro,z'], volume('bind', '/a', '/b', true, ['z'])],
    [['-v', './x:/b'], volume('bind', resolve('x'), '/b')],
    [['-v', 'name:/b/'], volume('volume', 'name', '/b')],
    [['-v', '/b'], volume('volume', '', '/b')],
    [['--mount', 'type=bind,src=/a,dst=/b,readonly'], volume('bind', '/a', '/b', true)],
    [['--mount', 'type=bind,"source=/a,b",target=/b,bind-propagation=rslave'], volume('bind', '/a,b', '/b', false, ['rslave'])],
    [['--mount', 'target=/b,volume-nocopy'], volume('volume', '', '/b', false, ['nocopy'])],
    [['--mount', 'type=tmpfs,target=/b,tmpfs-size=64m,tmpfs-mode=1777'], volume('tmpfs', '', '/b', false, ['tmpfs-size=67108864', 'tmpfs-mode=1777'])],
    [['--mount', 'type=volume,dst=/b,volume-subpath=a/b,U'], volume('volume', '', '/b', false, ['subpath=a/b', 'U'])],
    [
      ['--mount', 'type=bind,src=/a,dst=/b,relabel=shared,bind-recursive=disabled,noexec'],
      volume('bind', '/a', '/b', false, ['z', 'bind-nonrecursive', 'noexec']),
    ],
    [['--mount', 'type=bind,src=/a,dst=/b,rw=false,consistency=cached'], volume('bind', '/a', '/b', true)],
    [
      ['--mount', 'src=v1,dst=/b,volume-driver=local,volume-opt=type=tmpfs,"volume-opt=o=size=1m,mode=700",volume-label=a=b'],
      { volumes: [expect.objectContaining({ volume: { labels: { a: 'b' }, options: { type: 'tmpfs', o: 'size=1m,mode=700' } } })] },
    ],
    [
      ['--volumes-from', 'x', '--volumes-from', 'y:ro,z'],
      {
        volumesFrom: [
          { container: 'x', readOnly: false },
          { container: 'y', readOnly: true },
        ],
      },
    ],
    [['-p', '80'], { publish: [port('', undefined, 80)] }],
    [['-p', '8080:80/udp'], { publish: [port('', 8080, 80, 'udp')] }],
    [['-p', '127.0.0.1:8080:80'], { publish: [port('127.0.0.1', 8080, 80)] }],
    [['-p', '127.0.0.1::80'], { publish: [port('127.0.0.1', undefined, 80)] }],
    [['-p', '[::1]:80:80'], { publish: [port('::1', 80, 80)] }],
    [['-p', '8000-8001:80-81'], { publish: [port('', 8000, 80), port('', 8001, 81)] }],
    [['-e', 'A=b=c', '-e', 'HOME', '-e', 'MISSING', '-e', 'EMPTY'], { env: ['A=b=c', 'HOME=/h', 'EMPTY='] }],
    [['--no-healthcheck'], { health: { Test: ['NONE'] } }],
    [
      ['--health-cmd', 'curl -f x', '--health-interval', '1m30s', '--health-retries', '2'],
      { health: { Test: ['CMD-SHELL', 'curl -f x'], Interval: 90e9, Retries: 2 } },
    ],
    [['--health-cmd', '["CMD", "x", "y z"]'], { health: { Test: ['CMD', 'x', 'y z'] } }],
    [['--health-cmd', '[ -e /ready ]'], { health: { Test: ['CMD-SHELL', '[ -e /ready ]'] } }],
    [['--health-interval', 'disable', '--health-on-failure', 'restart'], { health: { onDemand: true, onFailure: 'restart' } }],
    [['--restart', 'always'], { restart: { policy: 'always', most: 0 } }],
    [['--restart', 'on-failure:5'], { restart: { policy: 'on-failure', most: 5 } }],
    [['--restart', 'on-failure'], { restart: { policy: 'on-failure', most: 0 } }],
    [['--restart', 'no', '--timeout', '3'], { restart: undefined, timeout: 3 }],
    [['--entrypoint', ''], { entrypoint: [] }],
    [['--entrypoint', '/bin/sh'], { entrypoint: ['/bin/sh'] }],
    [
      ['--ulimit', 'nofile=1024:2048', '--ulimit', 'core=-1'],
      {
        ulimits: [
          { name: 'nofile', soft: 1024, hard: 2048 },
          { name: 'core', soft: -1, hard: -1 },
        ],
      },
    ],
    [['--memory', '512m', '--cpus', '0.5', '--pids-limit', '10'], { limits: expect.objectContaining({ memory: 536870912, cpus: 0.5, pidsLimit: 10 }) }],
    [['-m', '1g', '--memory-swap', '-1'], { limits: expect.objectContaining({ memory: 1073741824, memorySwap: -1 }) }],
    [['--net', 'host'], { network: 'host' }],
    [['--tmpfs', '/run:size=64m', '--tmpfs', '/tmp'], { tmpfs: { '/run': 'size=64m', '/tmp': '' } }],
    [
      ['--add-host', 'a:1.2.3.4', '--add-host', 'b:::1', '--add-host', 'c:host-gateway'],
      {
        addHosts: [
          { host: 'a', address: '1.2.3.4' },
          { host: 'b', address: '::1' },
          { host: 'c', address: 'host-gateway' },
        ],
      },
    ],
    [['-l', 'a=b=c', '--label', 'd'], { labels: { a: 'b=c', d: '' } }],
    [['-dit', '--rm', '--name', 'web'], { detach: true, interactive: true, tty: true, remove: true, name: 'web' }],
    [['--sysctl', 'net.core.somaxconn=1024', '--shm-size', '1g'], { sysctls: { 'net.core.somaxconn': '1024' }, shmSize: 1073741824 }],
  ])('%j', async (words, expected) => expect(await read(...words)).toMatchObject(expected))

  it('takes everything behind the image for the command', async () => {
    const parsed = parseArgs(['-i', 'img', 'sh', '-c', '--rm'], runTable, { min: 1, max: Infinity, stopAtFirst: true }, 'lichen run')
    expect(await parseCreateOptions(parsed)).toMatchObject({ interactive: true, remove: false, command: ['sh', '-c', '--rm'] })
  })

  it('reads environment files, and -e wins by coming later', async () => {
    const folder = mkdtempSync(`${tmpdir()}/lichen-env-`)
    writeFileSync(`${folder}/env`, '# no\nA=1\n\nHOME\nB="q"\n')
    expect((await read('--env-file', `${folder}/env`, '-e', 'A=2')).env).toEqual(['A=1', 'HOME=/h', 'B="q"', 'A=2'])
    rmSync(folder, { recursive: true })
  })

  it.each<[string[], string]>([
    [['--name', 'a/b'], 'Invalid container name (a/b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
    [['-v', '/a:b'], `invalid volume specification: '/a:b': invalid mount config for type "bind": invalid mount path: 'b' mount path must be absolute`],
    [['-v', '/a:/'], `invalid volume specification: '/a:/': invalid mount config for type "bind": invalid specification: destination can't be '/'`],
    [['-v', '/a:/b:foo'], 'invalid mode: foo'],
    [
      ['-v', 'a/b:/c'],
      'create a/b: "a/b" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ],
    [['-v', ':/b'], "invalid volume specification: ':/b'"],
    [['--mount', 'type=foo,target=/b'], 'invalid mount config for type "foo": mount type unknown'],
    [['--mount', 'type=bind,source=/a'], 'invalid argument "type=bind,source=/a" for "--mount" flag: target is required'],
    [['--mount', 'bogus=1,target=/b'], `invalid argument "bogus=1,target=/b" for "--mount" flag: unexpected key 'bogus' in 'bogus=1'`],
    [['--mount', 'bogus'], `invalid argument "bogus" for "--mount" flag: invalid field 'bogus' must be a key=value pair`],
    [
      ['--mount', 'type=tmpfs,dst=/b,volume-opt=a=b'],
      `invalid argument "type=tmpfs,dst=/b,volume-opt=a=b" for "--mount" flag: cannot mix 'volume-*' options with mount type 'tmpfs'`,
    ],
    [
      ['--mount', 'dst=/b,bind-propagation=rslave'],
      `invalid argument "dst=/b,bind-propagation=rslave" for "--mount" flag: cannot mix 'bind-*' options with mount type 'volume'`,
    ],
    [
      ['--mount', 'dst=/b,volume-driver=nfs'],
      `invalid argument "dst=/b,volume-driver=nfs" for "--mount" flag: error looking up volume plugin nfs: plugin "nfs" not found`,
    ],
    [['--volumes-from', 'x:foo'], 'invalid mode: foo'],
    [['--volumes-from', ':ro'], "invalid volumes-from specification: ':ro'"],
    [['-p', 'x:80'], 'Invalid hostPort: x'],
    [['-p', '80:99999'], 'Invalid containerPort: 99999'],
    [['-p', '1.2.3:80:80'], 'Invalid ip address: 1.2.3'],
    [['-p', '80:80/foo'], 'Invalid proto: foo'],
    [['-p', '80-82:80-81'], 'Invalid ranges specified for container and host Ports: 80-81 and 80-82'],
    [['-m', '1m'], 'Minimum memory limit allowed is 6MB'],
    [['-m', 'lots'], `invalid argument "lots" for "-m, --memory" flag: invalid size: 'lots'`],
    [['-m', '-5m'], `invalid argument "-5m" for "-m, --memory" flag: invalid size: '-5m'`],
    [['--memory-swap', '1g'], 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [['--cpus', 'x'], 'invalid argument "x" for "--cpus" flag: failed to parse x as a rational number'],
    [['--ulimit', 'foo=1'], 'invalid argument "foo=1" for "--ulimit" flag: invalid ulimit type: foo'],
    [['--ulimit', 'nofile=5:1'], 'invalid argument "nofile=5:1" for "--ulimit" flag: ulimit soft limit must be less than or equal to hard limit: 5 > 1'],
    [['--pull', 'often'], `invalid pull option: 'often': must be one of "always", "missing" or "never"`],
    [['--add-host', 'a'], 'invalid argument "a" for "--add-host" flag: bad format for add-host: "a"'],
    [['--dns', 'x'], 'invalid argument "x" for "--dns" flag: IP address is not correctly formatted: x'],
    [['-w', 'x'], "the working directory 'x' is invalid, it needs to be an absolute path"],
    [['--env-file', '/nonexistent'], 'open /nonexistent: no such file or directory'],
    [['--nope', 'always'], 'unknown flag: --nope'],
    [['-v', '/a:/b', '--tmpfs', '/b'], 'Duplicate mount point: /b'],
    [['--network', 'container:x', '-p', '80'], 'conflicting options: port publishing and the container type network mode'],
    [['--tmpfs', '/'], "invalid specification: destination can't be '/'"],
    [['-v', '/a:/b:ro:x'], 'invalid spec: /a:/b:ro:x: too many colons'],
    [['--mount', 'type=bind,dst=/x'], 'invalid mount config for type "bind": field Source must not be empty'],
    [['--log-opt', 'x'], "unknown log opt 'x' for json-file log driver"],
    [['--sysctl', 'x'], `invalid argument "x" for "--sysctl" flag: sysctl 'x' is not allowed`],
    [['--ipc', 'x'], 'invalid IPC mode: x'],
    [['--cgroupns', 'x'], '--cgroupns: invalid CGROUP mode'],
    [['--uts', 'x'], '--uts: invalid UTS mode'],
    [
      ['--ulimit', 'nofile=1:2:3'],
      'invalid argument "nofile=1:2:3" for "--ulimit" flag: too many limit value arguments - 1:2:3, can only have up to two, `soft[:hard]`',
    ],
  ])('%j is refused with one line and 125', async (words, message) => expect(read(...words)).rejects.toMatchObject({ message, exitCode: 125 }))
  it('-d and -a are refused with 1', async () =>
    expect(read('-d', '-a', 'stdout')).rejects.toMatchObject({ message: 'Conflicting options: -a and -d', exitCode: 1 }))
})

describe("podman's flags", () => {
  it.each<[string[], object]>([
    [['--entrypoint', '["sh","-c"]'], { entrypoint: ['sh', '-c'] }],
    [['--entrypoint', '[weird'], { entrypoint: ['[weird'] }],
    [['--env-host', '-e', 'EMPTY=1'], { env: ['HOME=/h', 'EMPTY=', 'EMPTY=1'] }],
    [['--unsetenv', 'A', '--unsetenv', 'B'], { unsetEnv: ['A', 'B'] }],
    [['--unsetenv-all'], { unsetEnv: ['*'] }],
    [['--timezone', 'UTC'], { timezone: 'UTC' }],
    [['--no-hosts'], { hostsFile: 'none' }],
    [['--arch', 'arm64'], { platform: 'linux/arm64' }],
    [['--mac-address', '02:AA:bb:00:00:01'], { macAddress: '02:aa:bb:00:00:01' }],
    [['--expose', '80-81', '--expose', '53/udp'], { expose: ['80/tcp', '81/tcp', '53/udp'] }],
    [['--read-only', '--read-only-tmpfs', '--tmpfs', '/run:size=1m'], { tmpfs: { '/run': 'size=1m', '/tmp': 'mode=1777', '/var/tmp': 'mode=1777' } }],
    [['--uts', 'container:x', '--cgroupns', 'container:y'], { uts: 'container:x', cgroupns: 'container:y' }],
  ])('%j', async (words, expected) => expect(await read(...words)).toMatchObject(expected))

  it.each<[string[], string]>([
    [['--no-hosts', '--add-host', 'a:1.2.3.4'], '--no-hosts and --add-host cannot be set together'],
    [['--platform', 'linux/arm64', '--arch', 'arm64'], '--platform option can not be specified with --arch or --os'],
    [['--mac-address', 'x'], 'x is not a valid mac address'],
    [['--mac-address', '01:00:00:00:00:01'], '01:00:00:00:00:01 is a multicast address: no interface can have it'],
    [['--timeout', '-1'], 'invalid timeout: -1'],
    [['--expose', 'x'], 'invalid argument "x" for "--expose" flag: invalid range format for --expose: x'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user writes
    [['--env-merge', 'x'], 'invalid argument "x" for "--env-merge" flag: it must be NAME=TEXT, such as PATH=/opt/bin:${PATH}'],
  ])('%j is refused', async (words, message) => expect(read(...words)).rejects.toMatchObject({ message, exitCode: 125 }))
})
