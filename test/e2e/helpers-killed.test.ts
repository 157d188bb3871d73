import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

/** Ends the helper of a container that runs: a child of its monitor, as the container is. */
async function killHelper(container: string, program: string): Promise<void> {
  const pid = await box.ok('inspect', '--format', '{{.State.Pid}}', container)
  const monitor = statusOf(pid, 'PPid')
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && statusOf(name, 'PPid') === monitor && statusOf(name, 'Name') === program)
  expect(found, `processes of ${program}`).toHaveLength(1)
  process.kill(Number(found[0]), 'SIGKILL')
}

function statusOf(pid: string, field: string): string | undefined {
  try {
    return new RegExp(`^${field}:\\s+(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  } catch {
    return undefined
  }
}

it('slirp4netns killed under a container takes its network only: it goes on, keeps its exit code, and has a network again after a restart', async () => {
  await box.ok('run', '-d', '--name', 'web', 'busybox', 'sh', '-c', 'trap "exit 7" TERM; while :; do sleep 0.1; done')
  expect(await box.ok('exec', 'web', 'ls', '/sys/class/net')).toContain('tap0')
  await killHelper('web', 'slirp4netns')
  expect(await box.ok('exec', 'web', 'echo', 'alive')).toBe('alive')
  expect(await box.ok('inspect', '--format', '{{.State.Status}}', 'web')).toBe('running')
  await box.ok('stop', 'web')
  expect(await box.ok('inspect', '--format', '{{.State.ExitCode}}', 'web')).toBe('7')
  await box.ok('start', 'web')
  expect(await box.ok('exec', 'web', 'ip', 'route')).toContain('default via 10.0.2.2')
})

it('fuse-overlayfs killed under a container: what it needs of its files fails, and it can be stopped, started again and removed', async () => {
  const driver = ['--storage-driver', 'fuse-overlayfs']
  await box.ok(
    ...driver,
    'run',
    '-d',
    '--name',
    'files',
    '--network',
    'none',
    'busybox',
    'sh',
    '-c',
    'echo kept > /kept; while :; do read -t 1 x < /dev/zero; done',
  )
  expect(await box.ok('exec', 'files', 'sh', '-c', 'until test -s /kept; do :; done; cat /kept')).toBe('kept')
  await killHelper('files', 'fuse-overlayfs')
  const { code, stderr } = await box.lichen('exec', 'files', 'cat', '/kept')
  expect([code, stderr]).toEqual([expect.any(Number), expect.stringMatching(/^Error: .*[Tt]ransport endpoint is not connected/)])
  expect(code).toBeGreaterThanOrEqual(125)
  await box.ok('kill', 'files')
  await box.ok('wait', 'files')
  await box.ok('start', 'files')
  expect(await box.ok('exec', 'files', 'cat', '/kept')).toBe('kept')
  await killHelper('files', 'fuse-overlayfs')
  await box.ok('rm', '-f', 'files')
})
