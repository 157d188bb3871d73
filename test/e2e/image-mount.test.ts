import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requireTool } from '../helpers/prerequisites.ts'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
requireTool('fuse-overlayfs')
const lines = (text: string) => text.split('\n').filter((line) => line !== '')

/** A shell inside of `lichen unshare`, in which $L is lichen. */
const inside = (script: string, ...options: string[]) =>
  box.start([...options, 'unshare', 'sh', '-c', script], { env: { L: box.command, PATH: '/usr/bin:/bin:/usr/sbin:/sbin' } }).exited

describe('unshare', () => {
  it('makes the user root, and ends as its command does', async () => {
    expect(await inside('id -u; id -g; exit 7')).toEqual({ code: 7, stdout: '0\n0\n', stderr: '' })
    expect((await inside('kill -TERM $$')).code).toBe(143)
    expect(await box.lichen('unshare', 'no-such-program')).toMatchObject({ code: 127, stderr: expect.stringContaining('executable file not found') })
  })

  it('hands on SIGTERM, and waits', async () => {
    const shell = box.start(['unshare', 'sh', '-c', 'trap "echo asked to end; exit 3" TERM; echo ready; while :; do sleep 0.1; done'])
    await shell.printed('ready')
    shell.kill('SIGTERM')
    expect(await shell.exited).toMatchObject({ code: 3, stdout: 'ready\nasked to end\n' })
  })

  it('lichen inside of it is the same one, whatever its options', async () => {
    const id = await box.ok('images', '-q', '--no-trunc', 'busybox')
    expect(await inside('"$L" images -q --no-trunc && "$L" tag busybox inside && "$L" rmi inside')).toEqual({
      code: 0,
      stdout: `${id}\nUntagged: inside:latest\n`,
      stderr: '',
    })
    const { code, stderr } = await inside(`"$L" --root ${box.files}/other images`)
    expect([code, stderr]).toEqual([125, expect.stringContaining('this lichen unshare is for the data root')])
  })

  it('the variable alone moves nothing', async () => {
    const LICHEN_UNSHARED = JSON.stringify({ data: '/nowhere', run: '/nowhere', owner: 1 })
    expect((await box.start(['images', '-q'], { env: { LICHEN_UNSHARED } }).exited).code).toBe(0)
  })
})

describe('image mount', () => {
  it('says that it is for the inside of unshare', async () => {
    for (const verb of ['mount', 'umount']) {
      const { code, stderr } = await box.lichen('image', verb, 'busybox')
      expect([code, stderr]).toEqual([
        125,
        expect.stringContaining(`cannot run command "lichen image ${verb}" in rootless mode, must execute \`lichen unshare\` first\nhint: `),
      ])
    }
  })

  it.each(['overlay', 'fuse-overlayfs'])('shows the files of an image, read-only, by %s', async (driver) => {
    const id = await box.ok('images', '-q', '--no-trunc', 'busybox')
    const { code, stdout, stderr } = await inside(
      `set -e
      place=$("$L" image mount busybox)
      test "$place" = "$("$L" image mount ${id.slice(7, 19)})"
      ls "$place"; stat -c %u:%g "$place/bin"
      ! touch "$place/new" 2>/dev/null
      "$L" image mount
      "$L" image umount busybox
      "$L" image mount; ls "$(dirname "$place")"`,
      '--storage-driver',
      driver,
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(lines(stdout)).toEqual(expect.arrayContaining(['bin', 'etc', '0:0']))
    expect(lines(stdout).slice(-2)).toEqual([expect.stringMatching(new RegExp(`^busybox:latest /.*/mounts/${id.slice(7)}$`)), id])
  })

  it('what is mounted is seen by nobody else, and is gone with its shell', async () => {
    const shell = box.start(
      [
        '--storage-driver',
        'fuse-overlayfs',
        'unshare',
        'sh',
        '-c',
        '"$L" image mount --all; echo mounted; read line; pgrep -f "[f]use-overlayfs -f.*$0" | wc -l',
        box.run,
      ],
      {
        interactive: true,
        env: { L: box.command, PATH: '/usr/bin:/bin' },
      },
    )
    await shell.printed('mounted')
    const place = lines(shell.stdout)[0]!
    expect(place).toContain(`${box.run}/`)
    expect(readdirSync(join(place, '..'))).toEqual([])
    expect((await inside('"$L" image mount')).stdout).toBe('')
    // Not a layer goes while somebody looks at it.
    await box.ok('tag', 'busybox', 'kept')
    const layers = readdirSync(join(box.data, 'layers')).length
    const id = await box.ok('images', '-q', '--no-trunc', 'busybox')
    await box.ok('rmi', '-f', id)
    expect(readdirSync(join(box.data, 'layers'))).toHaveLength(layers)
    shell.write('\n')
    expect((await shell.exited).code).toBe(0)
    await box.ok('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', join(box.files, 'busybox.tar'), 'busybox')
    await expect.poll(() => inside(`pgrep -f '[f]use-overlayfs -f.*${box.run}' | wc -l`).then(({ stdout }) => stdout), { timeout: 10_000 }).toBe('0\n')
  })

  it('says what it can not do', async () => {
    expect(await inside('"$L" image mount nothing')).toMatchObject({ code: 1, stderr: expect.stringContaining('No such image: nothing:latest') })
    expect(await inside('"$L" image umount busybox')).toMatchObject({ code: 125, stderr: expect.stringContaining('is not mounted') })
    expect(await inside('"$L" image mount busybox', '--storage-driver', 'vfs')).toMatchObject({ code: 125, stderr: expect.stringContaining('vfs') })
  })
})
