import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { access, constants, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll } from 'vitest'

const top = fileURLToPath(new URL('../..', import.meta.url))
const run = promisify(execFile)

export interface Result {
  code: number
  /** stdout and stderr, in the order they came. */
  output: string
}

/** The booted virtual machine, with a shell of the ordinary user "user" (uid 1000), logged in through PAM. */
export interface Machine {
  /** Runs lines of sh in a shell of their own. `lichen` is in its PATH. */
  run(script: string): Promise<Result>
  /** As run, and throws unless the exit code is 0; gives the output, trimmed. */
  succeed(script: string): Promise<string>
  stop(): Promise<void>
}

/** A machine for the tests of a file, with busybox imported. */
export function useMachine(): Pick<Machine, 'run' | 'succeed'> {
  let machine: Machine
  const succeed = (script: string) => machine.succeed(script)
  beforeAll(async () => {
    machine = await bootMachine()
    await succeed(`
      mkdir -p root/bin root/tmp && cp /bin/busybox root/bin/busybox
      for name in $(/bin/busybox --list); do ln -s busybox root/bin/$name 2>/dev/null; done
      tar -C root -cf - . | lichen import - busybox`)
  }, 600_000)
  afterAll(async () => {
    await machine?.stop()
  }, 60_000)
  return { run: (script) => machine.run(script), succeed }
}

/** Not within another hypervisor: there QEMU has been seen to abort over a register that can't be set, and KVM to give up in the middle of the boot. */
async function hasKvm(): Promise<boolean> {
  try {
    await access('/dev/kvm', constants.R_OK | constants.W_OK)
    return !/^flags\s*:.* hypervisor\b/m.test(await readFile('/proc/cpuinfo', 'utf8'))
  } catch {
    return false
  }
}

/**
 * Boots dist/vm with dist/lichen on a second disk. A boot takes 25 to 30 seconds without KVM. What the machine
 * writes is thrown away with it.
 */
async function bootMachine(): Promise<Machine> {
  await require('dist/vm/root.ext4', 'hack/vm/build')
  await require('dist/lichen', 'npm run build:native && npm run build:standalone')
  const folder = await mkdtemp(join(tmpdir(), 'lichen-vm-'))
  const disk = await lichenDisk(folder)
  const kvm = await hasKvm()
  const serial = join(folder, 'serial')
  const qemu = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', kvm ? 'kvm' : 'tcg,thread=multi', '-cpu', kvm ? 'host' : 'max', '-smp', '2', '-m', '2048', '-nographic', '-no-reboot', '-nodefaults'],
      ...[
        '-kernel',
        join(top, 'dist/vm/vmlinuz'),
        '-initrd',
        join(top, 'dist/vm/initrd'),
        '-append',
        'root=/dev/vda rw console=ttyS0 quiet systemd.show_status=0',
      ],
      ...['-drive', `file=${join(top, 'dist/vm/root.ext4')},if=virtio,format=raw,snapshot=on`, '-drive', `file=${disk},if=virtio,format=raw,readonly=on`],
      ...['-netdev', 'user,id=net,restrict=on', '-device', 'virtio-net-pci,netdev=net', '-device', 'virtio-rng-pci'],
      ...['-serial', `file:${join(folder, 'console')}`, '-serial', `unix:${serial},server=on,wait=on`],
    ],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  const ended = once(qemu, 'exit')
  const stop = async () => {
    qemu.kill('SIGKILL')
    await ended
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const shell = serialShell(await connect(serial, ended))
    await shell.login()
    return { ...shell, stop }
  } catch (error) {
    const console_ = await readFile(join(folder, 'console'), 'utf8').catch(() => '')
    await stop()
    throw new Error(`the machine did not boot: ${(error as Error).message}\n${console_.split('\n').slice(-30).join('\n')}`)
  }
}

async function require(path: string, command: string): Promise<void> {
  await access(join(top, path)).catch(() => {
    throw new Error(`${path} is missing: run ${command}`)
  })
}

/** A disk with what is under test, mounted at /lichen. */
async function lichenDisk(folder: string): Promise<string> {
  const stage = join(folder, 'stage')
  await mkdir(join(stage, 'bin'), { recursive: true })
  await Promise.all([cp(join(top, 'dist/lichen'), join(stage, 'bin/lichen')), cp(join(top, 'dist/libexec'), join(stage, 'libexec'), { recursive: true })])
  const disk = join(folder, 'lichen.ext4')
  await run('mke2fs', ['-q', '-t', 'ext4', '-d', stage, disk, '256M'], { env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` } })
  return disk
}

/** qemu makes the socket before it waits for us on it. */
async function connect(path: string, ended: Promise<unknown[]>): Promise<Socket> {
  const { watch } = await import('node:fs')
  const made = new Promise<void>((resolve) => {
    const watcher = watch(join(path, '..'), () => {
      access(path).then(
        () => {
          watcher.close()
          resolve()
        },
        () => undefined,
      )
    })
  })
  const there = access(path).catch(() => made)
  await Promise.race([there, ended.then(([code]) => Promise.reject(new Error(`qemu ended with code ${code}`)))])
  const socket = createConnection(path)
  await once(socket, 'connect')
  return socket
}

function serialShell(socket: Socket) {
  let text = ''
  let wake = () => {}
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    text += chunk
    wake()
  })
  /** What came before `mark`, which is taken off as well. */
  const until = async (mark: RegExp, seconds: number): Promise<{ before: string; match: RegExpExecArray }> => {
    const end = performance.now() + seconds * 1000
    for (;;) {
      const match = mark.exec(text)
      if (match !== null) {
        const before = text.slice(0, match.index)
        text = text.slice(match.index + match[0].length)
        return { before, match }
      }
      const left = end - performance.now()
      if (left <= 0) throw new Error(`nothing like ${mark} came in ${seconds} s; the last of it: ${JSON.stringify(text.slice(-500))}`)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
  }
  const machine = {
    async login() {
      await until(/\$ /, 300)
      // The terminal neither echoes what is sent nor turns ends of lines into two characters.
      socket.write('stty -echo -onlcr cols 200 rows 50; PS1=; PATH=/lichen/bin:$PATH; export PATH; echo ready-$((40 + 2))\n')
      await until(/ready-42\n/, 60)
      const state = await machine.succeed('systemctl is-system-running --wait || true; loginctl show-user user --property=State --value')
      if (!/running|degraded/.test(state)) throw new Error(`the machine is not up: ${state}`)
    },
    async run(script: string): Promise<Result> {
      const token = randomBytes(6).toString('hex')
      const encoded = Buffer.from(script).toString('base64')
      // In pieces: a terminal's line holds 4095 bytes.
      for (const piece of encoded.match(/.{1,3000}/g) ?? []) socket.write(`script="$\{script}${piece}"\n`)
      socket.write(`echo "$script" | base64 -d >/tmp/script-${token}; script=\n`)
      socket.write(
        `sh /tmp/script-${token} >/tmp/output-${token} 2>&1 </dev/null; code=$?; echo begin-${token}; base64 -w 0 /tmp/output-${token}; echo; echo end-${token}-$code\n`,
      )
      await until(new RegExp(`begin-${token}\n`), 300)
      const { before, match } = await until(new RegExp(`end-${token}-(\\d+)\n`), 120)
      return { code: Number(match[1]), output: Buffer.from(before.trim(), 'base64').toString('utf8') }
    },
    async succeed(script: string): Promise<string> {
      const { code, output } = await machine.run(script)
      if (code !== 0) throw new Error(`exit code ${code} of: ${script}\n${output}`)
      return output.trim()
    },
  }
  return machine
}
