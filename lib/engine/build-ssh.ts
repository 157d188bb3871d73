import { closeSync } from 'node:fs'
import { chmod, mkdir, rm, stat } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import { addon } from '../system/addon.ts'
import { builtin } from '../system/builtin.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { visible } from '../system/log.ts'
import { capture, findProgram, spawn } from '../system/spawn.ts'
import type { BuildSession } from './build-container.ts'

/** `--ssh ID[=PATH[,PATH...]]`: an agent's socket, or keys; none: the agent of SSH_AUTH_SOCK. */
export interface SshWish {
  id: string
  paths: string[]
}

/** Sockets that steps may have, by id, while `use` runs. Throws NO_SSH, NO_HELPER. */
export async function withSshAgents<T>(
  { context, session, wishes }: { context: Context; session: BuildSession; wishes: readonly SshWish[] },
  use: (sockets: ReadonlyMap<string, string>) => Promise<T>,
): Promise<T> {
  if (wishes.length === 0) return use(new Map())
  // Socket paths end at 108 bytes: the run folder is short.
  const folder = `${context.paths.run}/ssh-${session.id}`
  await mkdir(folder, { mode: 0o700 })
  const ends: (() => void | Promise<void>)[] = [() => rm(folder, { recursive: true, force: true })]
  try {
    const sockets = new Map<string, string>()
    for (const [at, { id, paths }] of wishes.entries()) {
      const agent = await agentOf(id, paths, `${folder}/agent-${at}`, ends)
      const socket = `${folder}/${at}`
      ends.push(await forward(socket, agent))
      sockets.set(id, socket)
    }
    return await use(sockets)
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

async function agentOf(id: string, paths: readonly string[], socket: string, ends: (() => void | Promise<void>)[]): Promise<string> {
  const given = paths[0] ?? process.env['SSH_AUTH_SOCK'] ?? ''
  if (given === '') throw noSsh(`invalid empty ssh agent socket for ${id}: make sure SSH_AUTH_SOCK is set`, '--ssh ID=SOCKET, or --ssh ID=KEY')
  const found = await stat(given).catch(() => undefined)
  if (found === undefined) throw noSsh(`failed to stat ${given}: no such file or directory`)
  if (!found.isSocket()) {
    await agentOfKeys(paths, socket, ends)
    return socket
  }
  if (paths.length > 1) throw noSsh(`${given} is an agent's socket: nothing else goes with it`)
  return given
}

/** An agent of our own, which is gone when we are: it ends with the program that reads our pipe. */
async function agentOfKeys(paths: readonly string[], socket: string, ends: (() => void | Promise<void>)[]): Promise<void> {
  const [agent, add] = await Promise.all([findProgram('ssh-agent'), findProgram('ssh-add')])
  if (agent === undefined || add === undefined) {
    throw noSsh('a key needs ssh-agent and ssh-add, which are not installed', 'install openssh-client, or give the socket of an agent')
  }
  const [read, write] = addon.pipe({})
  const [readyRead, readyWrite] = addon.pipe({})
  try {
    const fds: [number, number][] = [
      [0, read],
      [1, readyWrite],
    ]
    const child = spawn({ file: agent, argv: ['ssh-agent', '-a', socket, '/bin/sh', '-c', 'echo ready; cat; kill "$SSH_AGENT_PID"'], fds, setsid: true })
    ends.push(async () => {
      closeSync(write)
      await child.exited()
    })
  } finally {
    closeSync(read)
    closeSync(readyWrite)
  }
  try {
    if ((await addon.readFd({ fd: readyRead })) === null) throw noSsh('ssh-agent does not start')
  } finally {
    closeSync(readyRead)
  }
  for (const path of paths) {
    const env = { ...process.env, SSH_AUTH_SOCK: socket, SSH_ASKPASS_REQUIRE: 'never', DISPLAY: undefined }
    const { code, stderr } = await capture({ file: add, argv: ['ssh-add', '-q', '--', path], env, setsid: true })
    if (code !== 0)
      throw noSsh(
        `${path} can't be used as a key: ${visible(stderr.trim().split('\n').at(-1) ?? '')}`,
        'a key with a passphrase has to be in an agent: ssh-add, and --ssh default',
      )
  }
}

/** An agent answers nobody but its own user, and a step may run as another: so it is us who ask it. */
async function forward(socket: string, agent: string): Promise<() => Promise<void>> {
  const { createServer, connect } = builtin.net
  const open = new Set<Socket>()
  const server: Server = createServer((client) => {
    const upstream = connect(agent)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      one.pipe(other)
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socket, resolve)
  })
  // Its folder is nobody else's.
  await chmod(socket, 0o666)
  return () => {
    for (const one of open) one.destroy()
    return new Promise((resolve) => server.close(() => resolve()))
  }
}

function noSsh(message: string, hint?: string): LichenError {
  return new LichenError(message, { code: 'NO_SSH', exitCode: 1, ...(hint === undefined ? {} : { hint }) })
}
