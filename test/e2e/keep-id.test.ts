import { chownSync, mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const keepId = (driver: string, ...words: string[]) => box.ok('--storage-driver', driver, 'run', '--rm', '--network', 'none', ...words)

describe.each(['fuse-overlayfs', 'vfs'])('--userns keep-id on %s', (driver) => {
  it('has the user as himself, and what he makes on the host is his', async () => {
    const shared = join(box.files, driver)
    mkdirSync(shared)
    box.give(shared)
    expect(
      await keepId(
        driver,
        '--userns',
        'keep-id',
        '-v',
        `${shared}:/mnt`,
        'busybox',
        'sh',
        '-c',
        'id -u; id -g; touch /mnt/mine; touch /tmp/mine; stat -c %u /mnt/mine /tmp/mine',
      ),
    ).toBe([box.user.uid, box.user.gid, box.user.uid, box.user.uid].join('\n'))
    expect(statSync(join(shared, 'mine')).uid).toBe(box.user.uid)
  })

  it('has root as root of the image', async () => {
    expect(
      await keepId(
        driver,
        '--userns',
        'keep-id',
        '-u',
        '0',
        'busybox',
        'sh',
        '-c',
        'touch /root/x; stat -c %u:%g /root/x /bin/busybox; chown 1000:50 /root/x; stat -c %u:%g /root/x',
      ),
    ).toBe('0:0\n0:0\n1000:50')
  })

  it('mounts a source that is made by it, as the user', async () => {
    const made = join(box.files, `${driver}-made`, 'deep')
    mkdirSync(join(made, '..'))
    box.give(join(made, '..'))
    await keepId(driver, '--userns', 'keep-id', '-v', `${made}:/mnt`, 'busybox', 'true')
    expect(statSync(made).uid).toBe(box.user.uid)
  })

  it('gets to a data-root whose group is nobody in the container', async () => {
    if (process.getuid?.() === 0) chownSync(box.data, box.user.uid, 0)
    expect(await keepId(driver, '--userns', 'keep-id:uid=7,gid=8', 'busybox', 'sh', '-c', 'id -u; id -g')).toBe('7\n8')
  })
})
