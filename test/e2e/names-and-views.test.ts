import { describe, expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const sleeper = (name: string, ...flags: string[]) => box.ok('run', '-d', '--name', name, ...flags, 'busybox', 'sleep', '1000')
const names = async () => (await box.ok('ps', '-a', '--format', '{{.Names}}')).split('\n').filter((name) => name !== '')

describe('rename', () => {
  it('of one that runs: it is found by the new name only, and keeps its hostname', async () => {
    const id = await sleeper('before')
    expect(await box.ok('rename', 'before', 'after')).toBe('')
    expect(await names()).toEqual(['after'])
    expect(await box.ok('exec', 'after', 'hostname')).toBe(id.slice(0, 12))
    expect(await box.lichen('inspect', '--type', 'container', 'before')).toMatchObject({ code: 1 })
    await sleeper('before')
    expect((await names()).sort()).toEqual(['after', 'before'])
  })

  it("says Docker's words", async () => {
    const id = await box.ok('create', '--name', 'one', 'busybox')
    await box.ok('create', '--name', 'two', 'busybox')
    const fails = async (...words: string[]) => box.lichen('rename', ...words)
    expect(await fails('two', 'one')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The container name "/one" is already in use by container "${id}"`),
    })
    expect(await fails('two', 'two')).toMatchObject({
      code: 1,
      stderr: 'Error: Renaming a container with the same name as its current name\nError: failed to rename container named two\n',
    })
    expect(await fails('two', '')).toMatchObject({ code: 1, stderr: 'Error: Neither old nor new names may be empty\n' })
    expect(await fails('two', 'a/b')).toMatchObject({ code: 1, stderr: expect.stringContaining('Invalid container name (a/b)') })
    expect(await fails('three', 'four')).toMatchObject({ code: 1, stderr: 'Error: No such container: three\nError: failed to rename container named three\n' })
    expect(await fails('two')).toMatchObject({ code: 1, stderr: expect.stringContaining('"lichen rename" requires exactly 2 arguments.') })
  })

  it('killed at any moment leaves the container with one of the two names', async () => {
    await box.ok('create', '--name', 'name0', 'busybox')
    for (let at = 0; at < 12; at++) {
      const [before] = await names()
      const running = box.start(['rename', before!, `name${at + 1}`])
      await new Promise((resolve) => setTimeout(resolve, 10 + 3 * at))
      running.kill('SIGKILL')
      await running.exited
      const [after] = await names()
      expect([before, `name${at + 1}`]).toContain(after)
      expect(await box.ok('inspect', '--format', '{{.Name}}', after!)).toBe(`/${after}`)
    }
  })
})

describe('port', () => {
  it('shows what is published while it runs, by number and protocol', async () => {
    await sleeper('web', '-p', '127.0.0.1::80', '-p', '127.0.0.1::53/udp')
    const lines = (await box.ok('port', 'web')).split('\n')
    expect(lines).toEqual([expect.stringMatching(/^53\/udp -> 127\.0\.0\.1:\d+$/), expect.stringMatching(/^80\/tcp -> 127\.0\.0\.1:\d+$/)])
    const host = lines[1]!.split(' -> ')[1]
    for (const wanted of ['80', '80/tcp']) expect(await box.ok('port', 'web', wanted)).toBe(host)
    expect(await box.lichen('port', 'web', '53')).toEqual({ code: 1, stdout: '', stderr: "Error: No public port '53' published for web\n" })
    expect(await box.ok('container', 'port', '--latest', '80')).toBe(host)
    await box.ok('kill', 'web')
    await box.ok('wait', 'web')
    expect(await box.ok('port', 'web')).toBe('')
  })
})

describe('top', () => {
  it("shows the host's pids and the container's users", async () => {
    await sleeper('box', '--user', '33')
    await box.ok('exec', '-d', 'box', 'sh', '-c', 'sleep 777 & sleep 888; true')
    const pid = await box.ok('inspect', '--format', '{{.State.Pid}}', 'box')
    const [head, ...rows] = (await box.ok('top', 'box')).split('\n').map((line) => line.split(/\s{2,}/))
    expect(head).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'])
    expect(rows.map((row) => row.at(-1)).sort()).toEqual(['sh -c sleep 777 & sleep 888; true', 'sleep 1000', 'sleep 777', 'sleep 888'])
    expect(rows.every(([user]) => user === '33')).toBe(true)
    expect(rows.find((row) => row.at(-1) === 'sleep 1000')?.[1]).toBe(pid)
  })

  it("names users by the container's own list, which may be no list at all", async () => {
    await box.ok('run', '-d', '--name', 'named', 'busybox', 'sh', '-c', 'mkdir -p /etc; echo captain:x:0:0::/: > /etc/passwd; echo ready; sleep 1000')
    await box.start(['logs', '-f', 'named']).printed('ready')
    expect(await box.ok('top', 'named')).toMatch(/\ncaptain +\d+/)
    await box.ok('run', '-d', '--name', 'fifo', 'busybox', 'sh', '-c', 'mkdir -p /etc; rm -f /etc/passwd; mkfifo /etc/passwd; echo ready; sleep 1000')
    await box.start(['logs', '-f', 'fifo']).printed('ready')
    expect(await box.ok('top', 'fifo')).toMatch(/\n0 +\d+/)
    await box.ok(
      'run',
      '-d',
      '--name',
      'link',
      'busybox',
      'sh',
      '-c',
      'mkdir -p /etc; ln -sf /proc/1/root/../../etc/passwd /etc/passwd; echo ready; sleep 1000',
    )
    await box.start(['logs', '-f', 'link']).printed('ready')
    expect(await box.ok('top', 'link')).toMatch(/\n0 +\d+/)
  })

  it('takes columns as podman, and options of ps as Docker', async () => {
    await sleeper('box')
    const pid = await box.ok('inspect', '--format', '{{.State.Pid}}', 'box')
    const table = async (...words: string[]) => (await box.ok('top', ...words)).split('\n').map((line) => line.split(/\s{2,}/))
    expect(await table('box', 'pid,hpid', 'comm')).toEqual([
      ['PID', 'HPID', 'COMMAND'],
      ['1', pid, 'sleep'],
    ])
    expect(await table('box', '-o', 'pid,user,args')).toEqual([
      ['PID', 'USER', 'COMMAND'],
      [pid, 'root', 'sleep 1000'],
    ])
    expect((await table('box', 'aux')).map(([user]) => user)).toEqual(['USER', 'root'])
    expect(await box.lichen('top', 'box', '-o', 'user')).toMatchObject({ code: 1, stderr: expect.stringContaining("Couldn't find PID field in ps output") })
    expect(await box.lichen('top', 'box', '--nonsense')).toMatchObject({ code: 1, stderr: expect.stringContaining('Error running ps:') })
  })

  it('shows one container only where two share namespaces of processes', async () => {
    await sleeper('one')
    await box.ok('run', '-d', '--name', 'two', '--pid', 'container:one', 'busybox', 'sleep', '2000')
    const commands = async (name: string) => (await box.ok('top', name, 'args')).split('\n').slice(1)
    expect(await commands('one')).toEqual(['sleep 1000'])
    expect(await commands('two')).toEqual(['sleep 2000'])
  })

  it('of one that does not run is an error', async () => {
    const id = await box.ok('create', '--name', 'still', 'busybox')
    expect(await box.lichen('top', 'still')).toEqual({ code: 1, stdout: '', stderr: `Error: container ${id} is not running\n` })
  })
})

describe('container exists, container prune', () => {
  it('tells by its code', async () => {
    const id = await box.ok('create', '--name', 'there', 'busybox')
    for (const name of ['there', id, id.slice(0, 6)]) expect(await box.lichen('container', 'exists', name)).toEqual({ code: 0, stdout: '', stderr: '' })
    expect(await box.lichen('container', 'exists', 'nowhere')).toEqual({ code: 1, stdout: '', stderr: '' })
  })

  it('removes what does not run, after asking', async () => {
    const id = await box.ok('create', '--name', 'gone', '--label', 'a=b', 'busybox')
    await box.ok('create', '--name', 'kept', '--label', 'keep', 'busybox')
    await sleeper('up', '--label', 'a=b')
    const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] '
    expect((await box.start(['container', 'prune'], { input: 'n\n' }).exited).stdout).toBe(question)
    expect(await box.ok('container', 'prune', '--force', '--filter', 'until=1h')).toBe('Total reclaimed space: 0B')
    const { code, stdout } = await box.start(['container', 'prune', '--filter', 'label=a=b', '--filter', 'label!=keep'], { input: 'y\n' }).exited
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${question}Deleted Containers:\n${id}\n\nTotal reclaimed space: `)])
    expect((await names()).sort()).toEqual(['kept', 'up'])
    expect(await box.lichen('container', 'prune', '-f', '--filter', 'nope=1')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("invalid filter 'nope'"),
    })
  })
})

it('--format raw has a line for each field, in ps, images, volume ls and system df', async () => {
  const id = await box.ok('create', '--name', 'plain', '--label', 'a=b', 'busybox', 'true')
  const fields = `container_id: ${id.slice(0, 12)}\nimage: busybox\ncommand: "true"\ncreated_at: .*\nstate: created\nstatus: Created\nnames: plain\nlabels: a=b\nports:\n\n`
  expect((await box.lichen('ps', '-a', '--format', 'raw')).stdout).toMatch(new RegExp(`^${fields}$`))
  expect((await box.lichen('ps', '-aq', '--format', 'raw')).stdout).toBe(`container_id: ${id.slice(0, 12)}\n`)
  const image = /^repository: busybox\ntag: latest\nimage_id: [0-9a-f]{12}\ncreated_at: .*\nvirtual_size: [\d.]+MB\n\n$/
  expect((await box.lichen('images', '--format', 'raw', 'busybox')).stdout).toMatch(image)
  await box.ok('volume', 'create', 'plain')
  expect((await box.lichen('volume', 'ls', '--format', 'raw')).stdout).toBe('name: plain\ndriver: local\n\n')
  expect((await box.lichen('volume', 'ls', '-q', '--format', 'raw')).stdout).toBe('name: plain\n')
  await box.ok('volume', 'rm', 'plain')
  expect((await box.lichen('system', 'df', '--format', 'raw')).stdout).toMatch(
    /^type: Images\ntotal: 1\nactive: 1\nsize: .*\nreclaimable: .*\n\ntype: Containers\n/,
  )
})
