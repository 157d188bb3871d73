import { describe, expect, it } from 'vitest'
import { cdiEdits, isCdiName, readCdiSpec } from '../../../lib/plan/cdi.ts'
import { parsePlainYaml } from '../../../lib/plan/plain-yaml.ts'

/** As nvidia-ctk 1.17 writes it, shortened. */
const yaml = `---
cdiVersion: 0.5.0
kind: nvidia.com/gpu
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/nvidia0
    - path: /dev/dri/card1
      hostPath: /dev/dri/card0
- name: all   # every one
  containerEdits:
    deviceNodes:
      - path: /dev/nvidia0
containerEdits:
  env:
  - NVIDIA_VISIBLE_DEVICES=void
  - 'QUOTED=it''s: #1'
  deviceNodes:
  - path: /dev/nvidiactl
  hooks:
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
    args:
    - nvidia-cdi-hook
    - update-ldcache
    - --folder
    - /usr/lib/x86_64-linux-gnu
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
    args: [nvidia-cdi-hook, create-symlinks, --link, "libcuda.so.1::/usr/lib/x86_64-linux-gnu/libcuda.so"]
  mounts:
  - hostPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15
    containerPath: /usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15
    options:
    - ro
    - nosuid
    - rbind
`
const spec = readCdiSpec(parsePlainYaml(yaml))

describe('the Container Device Interface', () => {
  it('brings what a device and its specification say, common parts once', () => {
    expect(cdiEdits(['nvidia.com/gpu=0', 'nvidia.com/gpu=all'], [spec])).toEqual({
      env: ['NVIDIA_VISIBLE_DEVICES=void', "QUOTED=it's: #1"],
      devices: [
        { source: '/dev/nvidiactl', target: '/dev/nvidiactl' },
        { source: '/dev/nvidia0', target: '/dev/nvidia0' },
        { source: '/dev/dri/card0', target: '/dev/dri/card1' },
        { source: '/dev/nvidia0', target: '/dev/nvidia0' },
      ],
      mounts: [
        {
          source: '/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15',
          target: '/usr/lib/x86_64-linux-gnu/libcuda.so.550.54.15',
          options: ['ro', 'nosuid', 'rbind'],
        },
      ],
      libraries: ['/usr/lib/x86_64-linux-gnu'],
    })
  })

  it('of a later folder wins', () => {
    const later = readCdiSpec({ kind: 'nvidia.com/gpu', devices: [{ name: '0', containerEdits: { env: ['A=1'] } }] })
    expect(cdiEdits(['nvidia.com/gpu=0'], [spec, later])).toMatchObject({ env: ['A=1'], devices: [] })
  })

  it('says what it has where a device is not known, and which hook it does not run', () => {
    expect(() => cdiEdits(['nvidia.com/gpu=7'], [spec])).toThrow(
      expect.objectContaining({ message: 'unresolvable CDI devices nvidia.com/gpu=7', hint: 'known: nvidia.com/gpu=0 nvidia.com/gpu=all' }),
    )
    const hooked = readCdiSpec({
      kind: 'x.org/y',
      devices: [{ name: 'z', containerEdits: { hooks: [{ hookName: 'prestart', path: '/bin/sh', args: ['sh', '-c', 'id'] }] } }],
    })
    expect(() => cdiEdits(['x.org/y=z'], [hooked])).toThrow('device x.org/y=z wants /bin/sh to be run on the host (-c id): lichen runs no hooks')
  })

  it.each([null, [], 'x', { kind: 'a/b' }, { kind: 'a/b', devices: [], containerEdits: { env: 'A=1' } }])('refuses %j', (content) =>
    expect(() => readCdiSpec(content)).toThrow(TypeError),
  )

  it('knows its names from paths', () => {
    expect(['nvidia.com/gpu=all', 'amd.com/gpu=0:1', '/dev/x', 'x=y', 'a/b', '/dev/a=b'].filter(isCdiName)).toEqual(['nvidia.com/gpu=all', 'amd.com/gpu=0:1'])
  })
})

describe('plain YAML', () => {
  it.each<[string, unknown]>([
    ['a: 1\nb:\n  - x\n  - y: [p, "q r"]\n    z: ~\nc: {}\nd: []', { a: 1, b: ['x', { y: ['p', 'q r'], z: null }], c: {}, d: [] }],
    ['- - 1\n  - 2\n-\n  a: true', [[1, 2], { a: true }]],
    ['a: /x:y # c\nb: "# no"\nc:', { a: '/x:y', b: '# no', c: null }],
    ['__proto__: 1', Object.fromEntries([['__proto__', 1]])],
    ['', null],
  ])('%j', (text, value) => expect(parsePlainYaml(text)).toEqual(value))

  it.each(['a: &x 1', 'a: |\n  text', 'a: 1\n   b: 2', 'a: "x', '\t- a: {b: 1}'])('%j is refused', (text) =>
    expect(() => parsePlainYaml(text)).toThrow(SyntaxError),
  )
})
