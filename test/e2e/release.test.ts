import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { busyboxTar } from '../helpers/busybox-image.ts'
import { requireTool } from '../helpers/prerequisites.ts'
import { Running } from '../helpers/process.ts'
import { must } from '../helpers/run.ts'
import { asUser, testUser } from '../helpers/user.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const user = testUser()
/** What the user has of his own, on a file system whose programs may be executed. */
let home: string
let top: string
let tarball: string
let prefix: string

beforeAll(async () => {
  for (const tool of ['readelf', 'unshare', 'mount', 'newuidmap']) requireTool(tool)
  top = mkdtempSync('/tmp/lichen-e2e-')
  chmodSync(top, 0o755)
  await must(join(checkout, 'hack/release'), ['--built', '--into', top], { timeout: 300_000 })
  tarball = join(top, readdirSync(top).find((name) => name.endsWith('.tar.gz'))!)
  await must('tar', ['-xzf', tarball, '-C', top, '--strip-components=1', '--wildcards', '*/install.sh'])
  home = mkdtempSync(join(user.home, 'lichen-e2e-'))
  chownSync(home, user.uid, user.gid)
  prefix = join(home, 'prefix')
}, 400_000)
afterAll(() => {
  for (const path of [top, home]) rmSync(path, { recursive: true, force: true })
})

const install = (...words: string[]) =>
  new Running(asUser(user, [join(top, 'install.sh'), ...words]), { cwd: '/', env: { PATH: '/usr/bin:/bin', HOME: home } }).exited

/** Runs the command where the prefix can't be written, nothing in /tmp can be executed, and Node is no program any more. */
function strictly(...words: string[]) {
  const node = realpathSync(process.execPath)
  const script = [
    'set -e',
    `mount --bind "${prefix}" "${prefix}" && mount -o remount,bind,ro "${prefix}"`,
    'mount --bind /tmp /tmp && mount -o remount,bind,noexec,nosuid,nodev /tmp',
    `mount --bind /dev/null "${node}"`,
    'exec "$@"',
  ].join('\n')
  const argv = [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    ...asUser(user, [join(prefix, 'bin/lichen'), '--root', join(home, 'data'), ...words]),
  ]
  return new Running(argv, { cwd: '/', env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin', HOME: home } }).exited
}

describe('the release', () => {
  it('has a checksum that sha256sum takes, and nothing but lichen', async () => {
    expect((await must('sha256sum', ['--check', `${tarball}.sha256`], { cwd: dirname(tarball) })).stdout).toMatch(/: OK\n$/)
    const { stdout } = await must('tar', ['-tzf', tarball])
    const files = stdout
      .split('\n')
      .filter((path) => path !== '' && !path.endsWith('/'))
      .map((path) => path.replace(/^[^/]*\//, ''))
    expect(files.sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'bin/lichen',
      'install.sh',
      'libexec/lichen/lichen',
      'libexec/lichen/lichen-runtime',
      'libexec/lichen/lichen.node',
    ])
  })

  it('is installed below a prefix, again over itself, and goes without a trace', async () => {
    const folder = join(home, 'twice')
    for (let time = 0; time < 2; time++) {
      expect(await install('--prefix', folder, tarball)).toMatchObject({ code: 0, stderr: '' })
      expect(readdirSync(join(folder, 'libexec/lichen')).sort()).toEqual(['lichen', 'lichen-runtime', 'lichen.node'])
    }
    expect(await install('--uninstall', '--prefix', folder)).toMatchObject({ code: 0, stderr: '' })
    expect([existsSync(join(folder, 'bin/lichen')), existsSync(join(folder, 'libexec/lichen'))]).toEqual([false, false])
  })

  it('is refused where it is not what its checksum says', async () => {
    const broken = join(home, 'broken.tar.gz')
    writeFileSync(broken, readFileSync(tarball).subarray(0, -1))
    writeFileSync(`${broken}.sha256`, readFileSync(`${tarball}.sha256`))
    const { code, stderr } = await install('--prefix', join(home, 'nowhere'), broken)
    expect([code, stderr]).toEqual([1, `install: ${broken} is not what ${broken}.sha256 says\nhint: download it again\n`])
    expect(existsSync(join(home, 'nowhere'))).toBe(false)
  })

  it('runs from a read-only folder, with a /tmp that executes nothing, and without Node', async () => {
    expect((await install('--prefix', prefix, tarball)).code).toBe(0)
    mkdirSync(join(home, 'files'))
    const image = busyboxTar(join(home, 'files'))
    try {
      expect(await strictly('version', '--format', '{{.Client.Platform.Name}}')).toMatchObject({ code: 0, stdout: 'lichen\n', stderr: '' })
      expect(await strictly('import', '--change', 'ENV PATH=/bin', image, 'busybox')).toMatchObject({ code: 0 })
      expect(await strictly('run', '--rm', 'busybox', 'echo', 'from the release')).toMatchObject({ code: 0, stdout: 'from the release\n', stderr: '' })
    } finally {
      await strictly('rmi', '--force', 'busybox')
    }
  })
})
