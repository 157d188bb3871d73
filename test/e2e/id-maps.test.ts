import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const inside = (flags: string[], script: string) => box.ok('run', '--rm', '--network', 'none', ...flags, 'busybox', 'sh', '-c', script)
/** Root is a subordinate id, and 1000 is the user. */
const swapped = ['--uidmap', '0:1:1000', '--uidmap', '1000:0:1']

describe('--uidmap and --gidmap', () => {
  it('are the map of the container, and files have the owners that the image means', async () => {
    const script =
      'cut -c1-10,22-32 /proc/self/uid_map /proc/self/gid_map | tr -s " "; stat -c %u:%g / /bin/busybox; touch /x; chown 1000:50 /x; stat -c %u:%g /x'
    expect(await inside(swapped, script)).toBe('0 1000\n 1000 1\n 0 1000\n 1000 1\n0:0\n0:0\n1000:50')
  })

  it('leave owners alone where the numbers stay, and need no translation', async () => {
    const script = 'grep -c "" /proc/self/uid_map; stat -c %u:%g /bin/busybox; grep -c "^[^ ]* / overlay" /proc/mounts'
    expect(await inside(['--uidmap', '0:0:500'], script)).toBe('2\n0:0\n1')
  })

  it('make what the container writes on the host that of the right user', async () => {
    await inside([...swapped, '-u', '1000', '-v', `${box.files}:/m`], 'touch /m/mine')
    expect(statSync(join(box.files, 'mine')).uid).toBe(box.user.uid)
  })

  it('take one kind alone, ids of the host, and fill what is left', async () => {
    const map = (kind: string) => `tr -s " " </proc/self/${kind}_map`
    expect(await inside(['--uidmap', 'u0:0:5'], `${map('uid')} | cut -d" " -f2,4; ${map('gid')} | wc -l`)).toMatch(/^0 1\n1 4\n[2-9]/)
    expect((await inside(['--uidmap', `+u700:@${box.user.uid}`], map('uid'))).split('\n')).toContain(` 700 ${box.user.uid} 1`)
  })

  it('hold for exec, cp, diff and commit, and over a stop', async () => {
    await box.ok(
      'run',
      '-d',
      '--name',
      'mapped',
      '--network',
      'none',
      ...swapped,
      'busybox',
      'sh',
      '-c',
      'touch /a; chown 7:8 /a; ls /a >/ready; exec sleep 1000',
    )
    await box.ok('exec', 'mapped', 'sh', '-c', 'until test -s /ready; do sleep 0.05; done')
    const file = join(box.files, 'f')
    writeFileSync(file, 'x')
    box.give(file)
    await box.ok('cp', file, 'mapped:/b')
    await box.ok('cp', '-a', file, 'mapped:/c')
    expect(await box.ok('exec', 'mapped', 'stat', '-c', '%u:%g', '/a', '/b', '/c')).toBe('7:8\n0:0\n1000:1000')
    expect(await box.ok('exec', '-u', '1000', 'mapped', 'id', '-u')).toBe('1000')
    expect((await box.ok('diff', 'mapped')).split('\n')).toEqual(['A /a', 'A /b', 'A /c', 'A /ready'])
    await box.ok('stop', '-t', '0', 'mapped')
    await box.ok('commit', 'mapped', 'made')
    expect(await box.ok('run', '--rm', '--network', 'none', 'made', 'stat', '-c', '%u:%g', '/a', '/b', '/c')).toBe('7:8\n0:0\n1000:1000')
    await box.ok('start', 'mapped')
    expect(await box.ok('exec', 'mapped', 'stat', '-c', '%u:%g', '/a')).toBe('7:8')
    const shown = '{{json .HostConfig.IDMappings}} {{.HostConfig.UsernsMode}}'
    expect(await box.ok('inspect', '--format', shown, 'mapped')).toBe('{"UidMap":["0:1:1000","1000:0:1"],"GidMap":["0:1:1000","1000:0:1"]} private')
  })

  it.each<[string[], RegExp]>([
    [['--uidmap', '0:0:4000000000'], /^Error: --uidmap: there is no intermediate id \d+: you have 0 to \d+\nhint: 0 is you/],
    [['--uidmap', '0:0:5', '--uidmap', '3:9:1'], /^Error: --uidmap: the container's id 3 is mapped twice\n/],
    [['--gidmap', 'g5:@4000000'], /^Error: --gidmap: the host's id 4000000 is not one of yours, which are /],
    [['--gidmap', '5:x'], /^Error: invalid argument "5:x" for "--gidmap" flag: /],
    [['--uidmap', '0:0:1', '--userns', 'keep-id'], /^Error: conflicting options: --userns, and --uidmap or --gidmap\n/],
    [['--uidmap', '0:1:1000'], /^Error: with these ids the files of the image's root would be nobody's: /],
    [['--gidmap', 'g0:1:1000'], /^Error: with these ids the files of the image's root would be nobody's: /],
  ])('refuse %j', async (flags, message) => {
    const { code, stderr } = await box.lichen('run', '--network', 'none', ...flags, 'busybox', 'true')
    expect([code, stderr]).toEqual([125, expect.stringMatching(message)])
  })
})

it('keep-id that moves the group alone moves the owners of files with it', async () => {
  expect(await inside(['--userns', 'keep-id:uid=0,gid=7', '-u', '0:0'], 'stat -c %u:%g /bin/busybox')).toBe('0:0')
})
