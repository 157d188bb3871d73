import { describe, expect, it } from 'vitest'
import { volumeSource } from '../../../lib/plan/volume-options.ts'

describe('options of the driver local', () => {
  it.each<[Record<string, string>, object]>([
    [{}, { kind: 'folder' }],
    [
      { type: 'none', device: '/srv/x', o: 'bind' },
      { kind: 'bind', device: '/srv/x', readOnly: false, options: [] },
    ],
    [
      { type: 'bind', device: '/srv/x' },
      { kind: 'bind', device: '/srv/x', readOnly: false, options: [] },
    ],
    [
      { type: 'none', device: '/srv/x', o: 'rbind,ro,noexec,rslave' },
      { kind: 'bind', device: '/srv/x', readOnly: true, options: ['noexec', 'rslave'] },
    ],
  ])('%j', (options, source) => expect(volumeSource(options)).toEqual(source))

  it('makes a tmpfs that may hold programs, as the kernel does unless told otherwise', () => {
    const source = volumeSource({ type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1000' })
    expect(source).toMatchObject({ kind: 'tmpfs', options: expect.arrayContaining(['exec', 'suid', 'size=1m', 'uid=1000']) })
  })

  it.each<[Record<string, string>, string, string]>([
    [{ size: '1g' }, 'BAD_VOLUME_OPTION', 'invalid option: "size"'],
    [{ type: 'tmpfs' }, 'BAD_VOLUME_OPTION', 'missing required option: "device"'],
    [{ device: '/x', o: 'bind' }, 'BAD_VOLUME_OPTION', 'missing required option: "type"'],
    [{ type: 'none', device: 'x', o: 'bind' }, 'BAD_VOLUME_OPTION', 'invalid device "x"'],
    [{ type: 'none', device: '/x', o: 'bind,uid=1' }, 'BAD_VOLUME_OPTION', 'invalid option "uid=1" in o='],
    [{ type: 'tmpfs', device: 'tmpfs', o: 'nonsense' }, 'BAD_TMPFS_OPTION', 'invalid tmpfs option "nonsense"'],
    [{ type: 'nfs', device: ':/x', o: 'addr=10.0.0.1' }, 'UNSUPPORTED_VOLUME', "type=nfs: only the host's root could mount it"],
    [{ type: 'none', device: '/dev/sda1', o: 'ro' }, 'UNSUPPORTED_VOLUME', "type=none: only the host's root could mount it"],
  ])('%j is refused', (options, code, message) => expect(() => volumeSource(options)).toThrow(expect.objectContaining({ code, message })))
})
