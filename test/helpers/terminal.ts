import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

let program: string | undefined

function ptyRun(): string {
  if (program !== undefined) return program
  const path = join(mkdtempSync(join(tmpdir(), 'lichen-pty-')), 'pty-run')
  execFileSync('cc', ['-O1', '-o', path, fileURLToPath(new URL('../fixtures/pty-run.c', import.meta.url)), '-lutil'])
  program = path
  return path
}

/** Milliseconds; what does not come within them does not come. */
const PATIENCE = 20_000

/** A command on a terminal of its own, of 24 rows and 80 columns. */
export class Terminal {
  readonly child: ChildProcess
  readonly exited: Promise<number>
  /** What comes out of the first descriptor behind `fds`, which is a pipe. */
  readonly result: Socket
  #seen = ''
  #wake: () => void = () => {}
  #control: Socket

  /** `fds` become 3, 4, ... of the command, and behind them comes `result`. */
  constructor(argv: string[], options: { fds?: number[]; env?: Record<string, string> } = {}) {
    const { fds = [], env = {} } = options
    this.child = spawn(ptyRun(), argv, { stdio: ['pipe', 'pipe', 'inherit', 'pipe', ...fds, 'pipe'], env: { ...process.env, ...env } })
    this.#control = this.child.stdio[3] as Socket
    this.result = this.child.stdio.at(-1) as Socket
    for (const stream of [this.child.stdin!, this.#control]) stream.on('error', () => {})
    this.child.stdout!.on('data', (chunk: Buffer) => {
      this.#seen += chunk.toString('latin1')
      this.#wake()
    })
    this.exited = new Promise((resolve) => {
      this.child.on('close', (code) => {
        resolve(code ?? -1)
        this.#wake()
      })
    })
  }

  type(text: string): void {
    this.child.stdin!.write(Buffer.from(text, 'latin1'))
  }

  /** Waits until `what` has appeared; gives all up to it, and forgets that. */
  async until(what: string | RegExp): Promise<string> {
    const limit = setTimeout(() => this.#wake(), PATIENCE)
    const start = performance.now()
    for (;;) {
      const at = typeof what === 'string' ? this.#seen.indexOf(what) : this.#seen.search(what)
      if (at >= 0) {
        const end = at + (typeof what === 'string' ? what.length : what.exec(this.#seen)![0].length)
        const text = this.#seen.slice(0, end)
        this.#seen = this.#seen.slice(end)
        clearTimeout(limit)
        return text
      }
      const over = this.child.exitCode !== null ? 'the command ended' : performance.now() - start >= PATIENCE ? 'it took too long' : undefined
      if (over !== undefined) throw new Error(`${over}, and ${what} had not appeared: ${JSON.stringify(this.#seen)}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #ask(line: string): Promise<string> {
    this.#control.write(`${line}\n`)
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the command ended before ${line}`))
      this.#control.once('close', ended)
      this.#control.once('data', (answer: Buffer) => {
        this.#control.off('close', ended)
        resolve(answer.toString().trim())
      })
    })
  }

  mode = () => this.#ask('mode')
  resize = (rows: number, columns: number) => this.#ask(`resize ${rows} ${columns}`)
  hangUp = () => this.#ask('hangup')

  async untilMode(mode: 'raw' | 'cooked'): Promise<void> {
    while ((await this.mode()) !== mode) await new Promise((resolve) => setTimeout(resolve, 5))
  }

  kill(): void {
    this.child.kill('SIGKILL')
  }
}
