import { Socket } from 'node:net'
import { frameType } from '../../lib/runtime/protocol.ts'
import { addon } from '../../lib/system/addon.ts'

export interface Frame {
  type: number
  payload: Buffer
}

/** The monitor's end of the attach protocol, spoken by a test. */
export class AttachPeer {
  /** The client's end: to be handed to what is tested, which does not close it. */
  readonly client: number
  readonly socket: Socket
  #frames: Frame[] = []
  #rest: Buffer = Buffer.alloc(0)
  #wake: () => void = () => {}
  #ended = false

  constructor() {
    const [client, own] = addon.socketPair({})
    this.client = client
    this.socket = new Socket({ fd: own, readable: true, writable: true })
    this.socket.on('data', (chunk: Buffer) => this.#cut(chunk))
    this.socket.on('error', () => {})
    this.socket.on('close', () => {
      this.#ended = true
      this.#wake()
    })
  }

  #cut(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= 8 && this.#rest.length >= 8 + this.#rest.readUInt32LE(4)) {
      const end = 8 + this.#rest.readUInt32LE(4)
      this.#frames.push({ type: this.#rest.readUInt32LE(0), payload: this.#rest.subarray(8, end) })
      this.#rest = this.#rest.subarray(end)
    }
    this.#wake()
  }

  /** The next frame; undefined when the client has gone. */
  async next(): Promise<Frame | undefined> {
    while (this.#frames.length === 0 && !this.#ended) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#frames.shift()
  }

  /** The next frame's payload, which must be of that type. */
  async expect(type: keyof typeof frameType): Promise<Buffer> {
    const frame = await this.next()
    if (frame?.type !== frameType[type]) throw new Error(`a ${type} frame was awaited, and ${JSON.stringify(frame)} came`)
    return frame.payload
  }

  /** What is typed, in as many frames as it takes until it contains `text`. */
  async typed(text: string): Promise<string> {
    let all = ''
    while (!all.includes(text)) all += (await this.expect('STDIN')).toString('latin1')
    return all
  }

  send(type: keyof typeof frameType | number, payload: string | Uint8Array = ''): void {
    const bytes = Buffer.from(payload as string)
    const header = Buffer.alloc(8)
    header.writeUInt32LE(typeof type === 'number' ? type : frameType[type], 0)
    header.writeUInt32LE(bytes.length, 4)
    this.socket.write(Buffer.concat([header, bytes]))
  }

  exit(code: number): void {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(code)
    this.send('EXIT', bytes)
  }

  close(): void {
    this.socket.destroy()
  }
}
