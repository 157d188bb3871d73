import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

/** A vendor with a null device, a library that has a second name, and a hook as NVIDIA's. */
function writeSpec(): Record<string, string> {
  const [config, libraries] = [join(box.files, 'config'), join(box.files, 'libraries')]
  for (const path of [join(config, 'cdi'), libraries]) mkdirSync(path, { recursive: true })
  writeFileSync(join(libraries, 'libx.so.1.2'), 'library')
  symlinkSync('libx.so.1.2', join(libraries, 'libx.so.1'))
  writeFileSync(
    join(config, 'cdi/x.yaml'),
    `cdiVersion: 0.5.0
kind: example.org/card
devices:
- name: "0"
  containerEdits:
    deviceNodes:
    - path: /dev/card0
      hostPath: /dev/null
containerEdits:
  env:
  - CARD=void
  mounts:
  - hostPath: ${libraries}/libx.so.1.2
    containerPath: /usr/lib/libx.so.1.2
    options: [ro, nosuid, rbind]
  hooks:
  - hookName: createContainer
    path: /usr/bin/nvidia-cdi-hook
    args: [nvidia-cdi-hook, update-ldcache, --folder, /usr/lib]
`,
  )
  return { XDG_CONFIG_HOME: config }
}

it('a device of the Container Device Interface brings its nodes, mounts and variables, and the names of its libraries', async () => {
  const env = writeSpec()
  const script = 'test -c /dev/card0 && cat /usr/lib/libx.so.1 && touch /usr/lib/libx.so.1.2 2>/dev/null || echo ":$CARD:$LD_LIBRARY_PATH"'
  const run = (device: string, ...command: string[]) =>
    box.start(['run', '--rm', '--network', 'none', '--device', device, 'busybox', ...command], { env }).exited
  expect(await run('example.org/card=0', 'sh', '-c', script)).toMatchObject({ code: 0, stdout: 'library:void:/usr/lib\n', stderr: '' })
  expect(await run('example.org/card=1', 'true')).toMatchObject({
    code: 125,
    stderr: 'Error: unresolvable CDI devices example.org/card=1\nhint: known: example.org/card=0\n',
  })
})
