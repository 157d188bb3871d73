import { describe, expect, it } from 'vitest'
import { buildSpec } from '../../../lib/plan/build-spec.ts'
import type { CreateOptions } from '../../../lib/plan/options.ts'
import type { OciMount } from '../../../lib/plan/spec.ts'
import type { SourceMount } from '../../../lib/plan/spec-input.ts'
import { identities, specInput } from '../../helpers/spec-input.ts'

const mounts = (...input: Parameters<typeof specInput>) => buildSpec(specInput(...input)).spec.mounts ?? []
const words = ({ destination, type, source, options = [] }: OciMount) => `${destination} ${type} ${source} ${options.join(',')}`
const at = (destination: string, ...input: Parameters<typeof specInput>) =>
  mounts(...input)
    .filter((mount) => mount.destination === destination)
    .map(words)
const bind = (target: string, rest: Partial<SourceMount> = {}): SourceMount => ({ type: 'bind', source: '/src', target, readOnly: false, options: [], ...rest })

describe('what every container has', () => {
  it("is Docker's", () => {
    expect(mounts().map(words)).toEqual([
      '/proc proc proc nosuid,noexec,nodev',
      '/dev tmpfs tmpfs nosuid,strictatime,mode=755,size=65536k',
      '/dev/pts devpts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5',
      '/dev/mqueue mqueue mqueue nosuid,noexec,nodev',
      '/dev/shm tmpfs shm nosuid,noexec,nodev,mode=1777,size=67108864',
      '/sys sysfs sysfs nosuid,noexec,nodev,ro',
      '/sys/fs/cgroup cgroup cgroup nosuid,noexec,nodev,ro',
      '/etc/resolv.conf bind /data/resolv.conf bind,rprivate',
      '/etc/hostname bind /data/hostname bind,rprivate',
      '/etc/hosts bind /data/hosts bind,rprivate',
    ])
  })

  it.each<[string, string, Parameters<typeof specInput>, string[]]>([
    [
      'terminals without a group that is not there',
      '/dev/pts',
      [{}, { identity: identities.single }],
      ['/dev/pts devpts devpts nosuid,noexec,newinstance,ptmxmode=0666,mode=0620'],
    ],
    ['--shm-size', '/dev/shm', [{ shmSize: 4096 }], ['/dev/shm tmpfs shm nosuid,noexec,nodev,mode=1777,size=4096']],
    ['--ipc none', '/dev/shm', [{ ipc: 'none' }], []],
    ['--ipc host', '/dev/shm', [{ ipc: 'host' }], ['/dev/shm bind /dev/shm rbind,rprivate,nosuid,noexec,nodev']],
    ['--ipc host', '/dev/mqueue', [{ ipc: 'host' }], ['/dev/mqueue bind /dev/mqueue rbind,rprivate,nosuid,noexec,nodev,nofail']],
    [
      '--ipc container',
      '/dev/shm',
      [{ ipc: 'container:x' }, { join: { user: '/u', ipc: '/i', shm: '/proc/7/root/dev/shm' } }],
      ['/dev/shm bind /proc/7/root/dev/shm bind,rprivate,nosuid,noexec,nodev'],
    ],
    ['--pid host', '/proc', [{ pid: 'host' }], ['/proc bind /proc rbind,rprivate,nosuid,noexec,nodev']],
    ['--network host', '/sys', [{ network: 'host' }], ['/sys bind /sys rbind,rprivate,nosuid,noexec,nodev,rro']],
    ['--cgroupns host', '/sys/fs/cgroup', [{ cgroupns: 'host' }], ['/sys/fs/cgroup bind /sys/fs/cgroup rbind,rprivate,nosuid,noexec,nodev,rro']],
    ['cgroup v1', '/sys/fs/cgroup', [{}, { host: { cgroupVersion: 1 } }], []],
    ['--privileged', '/sys', [{ privileged: true }], ['/sys sysfs sysfs nosuid,noexec,nodev']],
    ['--privileged', '/sys/fs/cgroup', [{ privileged: true }], ['/sys/fs/cgroup cgroup cgroup nosuid,noexec,nodev']],
    ['--read-only', '/etc/hosts', [{ readOnly: true }], ['/etc/hosts bind /data/hosts bind,rprivate,ro']],
    ['--read-only leaves writable', '/dev/shm', [{ readOnly: true }], ['/dev/shm tmpfs shm nosuid,noexec,nodev,mode=1777,size=67108864']],
  ])('%s: %s', (_, target, input, expected) => expect(at(target, ...input)).toEqual(expected))
})

describe('-v and --mount', () => {
  it.each<[string, Partial<SourceMount>, string]>([
    ['a bind mount', {}, '/x bind /src rbind,rprivate'],
    ['-v', { createSource: true }, '/x bind /src rbind,rprivate,x-create-source'],
    ['ro, all the way down', { readOnly: true }, '/x bind /src rbind,rprivate,rro'],
    ['not all the way down', { readOnly: true, options: ['bind-nonrecursive'] }, '/x bind /src bind,rprivate,ro'],
    ['slave', { options: ['rslave'] }, '/x bind /src rbind,rslave'],
    ['flags', { options: ['noexec', 'nosuid', 'nodev', 'z'] }, '/x bind /src rbind,rprivate,noexec,nosuid,nodev'],
    ['a volume is filled from the image', { type: 'volume' }, '/x bind /src rbind,rprivate,x-copy-up'],
    ['unless it is not to be', { type: 'volume', options: ['nocopy'] }, '/x bind /src rbind,rprivate'],
    ['a part of a volume, given to the user', { type: 'volume', options: ['subpath=a/b', 'U'] }, '/x bind /src rbind,rprivate,x-copy-up,x-chown,x-subpath=a/b'],
    ['a read-only volume is filled as well', { type: 'volume', readOnly: true }, '/x bind /src rbind,rprivate,rro,x-copy-up'],
  ])('%s', (_, rest, expected) => expect(at('/x', {}, { mounts: [bind('/x', rest)] })).toEqual([expected]))

  it('are a tmpfs where the volume is one', () => {
    expect(at('/x', {}, { mounts: [bind('/x', { type: 'tmpfs', readOnly: true, options: ['exec', 'size=1m'] })] })).toEqual([
      '/x tmpfs tmpfs exec,nosuid,nodev,rprivate,size=1m,ro,x-copy-up',
    ])
  })

  it("come from the root down, and behind the system's", () => {
    const list = mounts({ tmpfs: { '/a/b/c': '' } }, { mounts: [bind('/a/b/c/d'), bind('/a'), bind('/dev/x'), bind('/a/b')] }).map(
      ({ destination }) => destination,
    )
    expect(list.slice(7)).toEqual(['/a', '/etc/resolv.conf', '/etc/hostname', '/etc/hosts', '/dev/x', '/a/b', '/a/b/c', '/a/b/c/d'])
  })

  it("take the place of the system's", () => {
    expect(at('/etc/hosts', {}, { mounts: [bind('/etc/hosts')] })).toEqual(['/etc/hosts bind /src rbind,rprivate'])
    expect(at('/dev/shm', { tmpfs: { '/dev/shm': 'exec' } })).toEqual(['/dev/shm tmpfs tmpfs exec,nosuid,nodev,rprivate'])
    expect(
      mounts({}, { mounts: [bind('/dev')] })
        .filter(({ destination }) => destination.startsWith('/dev'))
        .map(words),
    ).toEqual(['/dev bind /src rbind,rprivate'])
    expect(at('/sys', { privileged: true }, { mounts: [bind('/sys', { readOnly: true })] })).toEqual(['/sys bind /src rbind,rprivate,rro'])
  })

  it('that are shared or slave make the root so', () => {
    const propagation = (...options: string[]) => buildSpec(specInput({}, { mounts: options.map((option, n) => bind(`/${n}`, { options: [option] })) }))
    expect(propagation('rslave').spec.linux?.rootfsPropagation).toBe('rslave')
    expect(propagation('rslave', 'shared').spec.linux?.rootfsPropagation).toBe('shared')
    expect(propagation('private').spec.linux?.rootfsPropagation).toBeUndefined()
    expect(propagation('rshared').warnings).toEqual([expect.stringMatching(/^\/0: what is mounted in the container does not reach the host/)])
  })

  it.each<[string, Partial<SourceMount>, RegExp]>([
    ['idmap', { options: ['idmap'] }, /mount option "idmap" of \/x is not supported/],
    ['a path out of a volume', { type: 'volume', options: ['subpath=a/../../b'] }, /subpath must be a relative path within the volume: "a\/..\/..\/b"/],
    ['an absolute path in a volume', { type: 'volume', options: ['subpath=/a'] }, /subpath must be a relative path within the volume/],
    ['the root', { target: '/a/..' }, /destination can't be '\/'/],
    ['something else for /proc', { target: '/proc' }, /"\/proc" cannot be mounted because it is not of type proc/],
    ['the inside of /proc', { target: '/proc/self/attr/exec' }, /"\/proc\/self\/attr\/exec" cannot be mounted because it is inside \/proc/],
    ['the inside of /proc by a detour', { target: '/x/../proc//1' }, /"\/proc\/1" cannot be mounted because it is inside \/proc/],
  ])('%s is refused', (_, rest, message) => expect(() => mounts({}, { mounts: [bind('/x', rest)] })).toThrow(message))

  it("the host's /proc may stand for /proc, and lxcfs for files in it", () => {
    expect(at('/proc', {}, { mounts: [bind('/proc', { source: '/proc' })] })).toEqual(['/proc bind /proc rbind,rprivate'])
    expect(at('/proc/cpuinfo', {}, { mounts: [bind('/proc/cpuinfo')] })).toHaveLength(1)
  })
})

describe('--tmpfs and --mount type=tmpfs', () => {
  it.each([
    ['', 'noexec,nosuid,nodev,rprivate'],
    ['rw,size=64m,mode=1777', 'noexec,nosuid,nodev,rprivate,rw,size=64m,mode=1777'],
    ['exec,suid,dev', 'exec,suid,dev,rprivate'],
    ['size=1m,size=2m,noexec,exec', 'exec,nosuid,nodev,rprivate,size=2m'],
    ['ro,defaults,noatime,uid=1', 'noexec,nosuid,nodev,rprivate,ro,noatime,uid=1'],
    ['tmpcopyup', 'noexec,nosuid,nodev,rprivate,tmpcopyup'],
    ['tmpcopyup,notmpcopyup', 'noexec,nosuid,nodev,rprivate'],
  ])('%j', (text, expected) => expect(at('/t', { tmpfs: { '/t': text } })).toEqual([`/t tmpfs tmpfs ${expected}`]))

  it.each(['foo', 'foo=1', 'size', 'bind'])('refuses %s', (text) =>
    expect(() => mounts({ tmpfs: { '/t': text } })).toThrow(`invalid tmpfs option ${JSON.stringify(text.split('=')[0])}`),
  )

  it('read options of --mount', () => {
    const volumes: CreateOptions['volumes'] = [{ type: 'tmpfs', source: '', target: '/t', readOnly: true, options: ['tmpfs-size=1024', 'tmpfs-mode=700'] }]
    expect(at('/t', { volumes })).toEqual(['/t tmpfs tmpfs noexec,nosuid,nodev,rprivate,size=1024,mode=700,ro'])
  })

  it('are no way around /proc', () => expect(() => mounts({ tmpfs: { '/proc': '' } })).toThrow(/not of type proc/))
})

describe('--device', () => {
  const host = { devices: ['/dev/fuse', '/dev/dri', '/dev/null', '/dev/kvm'] }
  it.each([
    ['/dev/fuse', '/dev/fuse bind /dev/fuse rbind,rprivate'],
    ['/dev/fuse:rwm', '/dev/fuse bind /dev/fuse rbind,rprivate'],
    ['/dev/fuse:/dev/other', '/dev/other bind /dev/fuse rbind,rprivate'],
    ['/dev/dri:/dev/dri:rw', '/dev/dri bind /dev/dri rbind,rprivate'],
  ])('%s', (device, expected) => expect(mounts({ devices: [device] }, { host }).map(words)).toContain(expected))

  it.each([
    ['/dev/nope', /error gathering device information while adding custom device "\/dev\/nope"/],
    ['/dev/fuse:/dev/x:rwz', /^bad mode specified: rwz$/],
    ['/dev/fuse:x', /^x is not an absolute path$/],
    ['fuse', /^fuse is not an absolute path$/],
    ['/dev/fuse:r', /access can't be cut down to "r"/],
  ])('%s is refused', (device, message) => expect(() => mounts({ devices: [device] }, { host })).toThrow(message))

  it('--privileged gives all that may be opened', () => {
    const list = mounts({ privileged: true }, { host }).map(({ destination }) => destination)
    expect(list).toEqual(expect.arrayContaining(['/dev/fuse', '/dev/kvm']))
    expect(list).not.toContain('/dev/null')
  })
})
