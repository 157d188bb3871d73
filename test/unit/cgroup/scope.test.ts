import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { connectBus } from '../../../lib/cgroup/dbus.ts'
import { type DbusMessage, decodeMessage, encodeMessage } from '../../../lib/cgroup/dbus-wire.ts'
import { busSockets, connectServiceManager } from '../../../lib/cgroup/scope.ts'

let server: Server | undefined
let folder = ''

afterEach(async () => {
  server?.close()
  await rm(folder, { recursive: true, force: true })
  delete process.env['DBUS_SESSION_BUS_ADDRESS']
})

type Answer = { body: DbusMessage['body']; signature: string } | { error: string }

/** A bus that speaks the real protocol; `answer` plays the service manager. Each reply is sent byte by byte. */
async function fakeBus(answer: (call: DbusMessage, signal: (member: string, signature: string, body: DbusMessage['body']) => void) => Answer): Promise<string> {
  folder = await mkdtemp(join(tmpdir(), 'lichen-bus-'))
  const path = join(folder, 'bus')
  server = createServer((socket) => {
    let text = Buffer.alloc(0)
    let greeted = false
    const send = (bytes: Buffer) => {
      for (const byte of bytes) socket.write(Buffer.from([byte]))
    }
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      text = Buffer.concat([text, chunk])
      if (!greeted) {
        if (text.includes('AUTH EXTERNAL')) socket.write('OK 0123456789abcdef\r\n')
        const begin = text.indexOf('BEGIN\r\n')
        text = begin < 0 ? Buffer.alloc(0) : text.subarray(begin + 7)
        greeted = begin >= 0
        if (!greeted) return
      }
      for (let next = decodeMessage(text); next !== undefined; next = decodeMessage(text)) {
        text = text.subarray(next.length)
        const call = next.message
        const reply = answer(call, (member, signature, body) =>
          send(encodeMessage({ type: 'signal', serial: 99, path: '/', interface: 'x.y', member, body }, signature)),
        )
        if ('error' in reply) send(encodeMessage({ type: 'error', serial: 1, replySerial: call.serial, errorName: 'x.Failed', body: [reply.error] }, 's'))
        else send(encodeMessage({ type: 'reply', serial: 1, replySerial: call.serial, body: reply.body }, reply.signature))
      }
    })
  })
  await new Promise<void>((resolve) => server?.listen(path, resolve))
  process.env['DBUS_SESSION_BUS_ADDRESS'] = `unix:path=${path}`
  return path
}

const empty: Answer = { body: [], signature: '' }

test('a scope is there when its job is done, even if the job was quicker than the answer', async () => {
  const calls: DbusMessage[] = []
  await fakeBus((call, signal) => {
    calls.push(call)
    if (call.member === 'NameHasOwner') return { body: [true], signature: 'b' }
    if (call.member !== 'StartTransientUnit') return empty
    signal('JobRemoved', 'uoss', [1, '/job/other', 'other.scope', 'failed'])
    signal('JobRemoved', 'uoss', [7, '/job/7', 'x.scope', 'done'])
    return { body: ['/job/7'], signature: 'o' }
  })
  const manager = await connectServiceManager(1000)
  await manager?.startScope({ name: 'x.scope', pid: 42, slice: 'user.slice', description: 'd' })
  manager?.close()
  const start = calls.find(({ member }) => member === 'StartTransientUnit')
  expect(start?.body).toEqual([
    'x.scope',
    'fail',
    [
      ['Description', { signature: 's', value: 'd' }],
      ['Slice', { signature: 's', value: 'user.slice' }],
      ['PIDs', { signature: 'au', value: [42] }],
      ['Delegate', { signature: 'b', value: true }],
      ['CollectMode', { signature: 's', value: 'inactive-or-failed' }],
    ],
    [],
  ])
})

test('a refusal and a failed job are errors that say why', async () => {
  let refuse = true
  await fakeBus((call, signal) => {
    if (call.member === 'NameHasOwner') return { body: [true], signature: 'b' }
    if (call.member !== 'StartTransientUnit') return empty
    if (refuse) return { error: 'Unit x.scope already exists.' }
    signal('JobRemoved', 'uoss', [7, '/job/7', 'x.scope', 'failed'])
    return { body: ['/job/7'], signature: 'o' }
  })
  const manager = await connectServiceManager(1000)
  const scope = { name: 'x.scope', pid: 42, slice: 'user.slice', description: 'd' }
  await expect(manager?.startScope(scope)).rejects.toMatchObject({ code: 'SCOPE_FAILED', message: expect.stringContaining('already exists') })
  refuse = false
  await expect(manager?.startScope(scope)).rejects.toMatchObject({ code: 'SCOPE_FAILED', message: expect.stringContaining('"failed"') })
  manager?.close()
})

test('a bus that hangs up fails the call that waits', async () => {
  const path = await fakeBus((call) => {
    if (call.member === 'Quit') server?.close()
    return call.member === 'Quit' ? { error: 'bye' } : empty
  })
  const bus = await connectBus(path, 1000)
  await expect(bus.call({ destination: 'a.b', path: '/', interface: 'a.b', member: 'Quit' })).rejects.toThrow('bye')
  bus.close()
  await expect(bus.call({ destination: 'a.b', path: '/', interface: 'a.b', member: 'Any' })).rejects.toThrow()
})

test('where the bus may be', () => {
  expect(busSockets(1000, { DBUS_SESSION_BUS_ADDRESS: 'unix:abstract=/x;unix:guid=1,path=/a%20b,guid=2', XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
    '/a b',
    '/run/user/1000/bus',
  ])
  expect(busSockets(1000, { XDG_RUNTIME_DIR: 'relative' })).toEqual(['/run/user/1000/bus'])
  expect(busSockets(0, { XDG_RUNTIME_DIR: '/run/user/0' })[0]).toBe('/run/dbus/system_bus_socket')
})
