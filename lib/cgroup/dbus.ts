import type { Socket } from 'node:net'
import { builtin } from '../system/builtin.ts'
import { type DbusMessage, type DbusValue, decodeMessage, encodeMessage } from './dbus-wire.ts'

/** What the other side answered to a call. */
export class DbusError extends Error {
  override readonly name = 'DbusError'
  /** org.freedesktop.DBus.Error.ServiceUnknown, ... */
  readonly errorName: string

  constructor(errorName: string, message: string) {
    super(message)
    this.errorName = errorName
  }
}

export interface DbusCall {
  destination: string
  path: string
  interface: string
  member: string
  signature?: string
  body?: DbusValue[]
}

export interface DbusConnection {
  /** The body of the reply. Rejects with DbusError, or when the connection ends or 25 s go by, as libdbus has it. */
  call(call: DbusCall): Promise<DbusValue[]>
  onSignal(listener: (signal: DbusMessage) => void): void
  close(): void
}

const CALL_TIMEOUT = 25_000

/** Connects to a message bus and says Hello. Does not keep the process alive between calls. */
export async function connectBus(socketPath: string, uid: number): Promise<DbusConnection> {
  const socket = await openSocket(socketPath)
  await authenticate(socket, uid)
  const connection = converse(socket)
  await connection.call({ destination: 'org.freedesktop.DBus', path: '/org/freedesktop/DBus', interface: 'org.freedesktop.DBus', member: 'Hello' })
  return connection
}

const openSocket = (path: string) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = builtin.net.connect({ path })
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
    socket.once('error', reject)
  })

/** SASL EXTERNAL: the bus knows us by the socket's credentials; the uid is only named. */
function authenticate(socket: Socket, uid: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const done = (error?: Error) => {
      socket.off('data', onData)
      socket.off('close', onClose)
      socket.off('error', done)
      if (error === undefined) resolve()
      else {
        socket.destroy()
        reject(error)
      }
    }
    const onData = (chunk: Buffer) => {
      answer += chunk.toString('latin1')
      if (!answer.includes('\r\n')) return
      if (!answer.startsWith('OK ')) return done(new DbusError('org.freedesktop.DBus.Error.AuthFailed', `the bus refused us: ${answer.trim()}`))
      socket.write('BEGIN\r\n')
      done()
    }
    const onClose = () => done(new DbusError('org.freedesktop.DBus.Error.AuthFailed', 'the bus hung up'))
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.on('error', done)
    socket.write(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`)
  })
}

function converse(socket: Socket): DbusConnection {
  const waiting = new Map<number, { resolve: (body: DbusValue[]) => void; reject: (error: Error) => void }>()
  const listeners: ((signal: DbusMessage) => void)[] = []
  let serial = 0
  let rest: Buffer = Buffer.alloc(0)

  const settle = (message: DbusMessage) => {
    if (message.type === 'signal') for (const listener of listeners) listener(message)
    if (message.replySerial === undefined) return
    const call = waiting.get(message.replySerial)
    waiting.delete(message.replySerial)
    if (message.type === 'error')
      call?.reject(new DbusError(message.errorName ?? '', typeof message.body[0] === 'string' ? message.body[0] : 'no reason given'))
    else call?.resolve(message.body)
  }
  const fail = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
    socket.destroy()
  }
  socket.on('data', (chunk) => {
    rest = Buffer.concat([rest, chunk])
    try {
      for (let next = decodeMessage(rest); next !== undefined; next = decodeMessage(rest)) {
        rest = rest.subarray(next.length)
        settle(next.message)
      }
    } catch (error) {
      fail(error as Error)
    }
  })
  socket.on('error', fail)
  socket.on('close', () => fail(new DbusError('org.freedesktop.DBus.Error.Disconnected', 'the bus hung up')))

  return {
    async call({ signature = '', body = [], ...where }) {
      serial += 1
      const own = serial
      let timer: NodeJS.Timeout | undefined
      try {
        return await new Promise<DbusValue[]>((resolve, reject) => {
          waiting.set(own, { resolve, reject })
          timer = setTimeout(
            () => reject(new DbusError('org.freedesktop.DBus.Error.NoReply', `no answer to ${where.member} in ${CALL_TIMEOUT / 1000} s`)),
            CALL_TIMEOUT,
          )
          socket.ref()
          socket.write(encodeMessage({ type: 'call', serial: own, ...where, body }, signature))
        })
      } finally {
        clearTimeout(timer)
        waiting.delete(own)
        if (waiting.size === 0) socket.unref()
      }
    },
    onSignal: (listener) => void listeners.push(listener),
    close: () => void socket.destroy(),
  }
}
