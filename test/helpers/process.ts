import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'

export interface Result {
  /** 128+n for signal n, as a shell would say. */
  code: number
  stdout: string
  stderr: string
}

export interface StartOptions {
  env: Record<string, string>
  cwd?: string
  /** What is written to stdin, which is closed then. Absent: /dev/null. */
  input?: string | Buffer
  /** stdin stays open, for `write` and `end`. */
  interactive?: boolean
}

/** Milliseconds; what has not come by then does not come. */
const PATIENCE = 30_000

/** A program that runs beside the test. */
export class Running {
  stdout = ''
  stderr = ''
  readonly exited: Promise<Result>
  readonly #child: ChildProcess
  readonly #watchers = new Set<() => void>()

  constructor(argv: string[], { env, cwd, input, interactive = false }: StartOptions) {
    const stdin = input !== undefined || interactive ? 'pipe' : 'ignore'
    this.#child = spawn(argv[0]!, argv.slice(1), { env, stdio: [stdin, 'pipe', 'pipe'], ...(cwd === undefined ? {} : { cwd }) })
    const collect = (name: 'stdout' | 'stderr') => {
      this.#child[name]!.setEncoding('utf8').on('data', (text: string) => {
        this[name] += text
        for (const watcher of this.#watchers) watcher()
      })
    }
    collect('stdout')
    collect('stderr')
    // A program that ends without reading all of its input is no fault of the test.
    this.#child.stdin?.on('error', () => {})
    if (input !== undefined) this.#child.stdin!.end(input)
    this.exited = new Promise((resolve, reject) => {
      this.#child.on('error', reject)
      this.#child.on('close', (code, signal) => {
        resolve({ code: code ?? 128 + constants.signals[signal!], stdout: this.stdout, stderr: this.stderr })
        for (const watcher of this.#watchers) watcher()
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  get ended(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  write(text: string): void {
    this.#child.stdin!.write(text)
  }

  end(): void {
    this.#child.stdin!.end()
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Closes our end of its stdout, as `head` does when it has seen enough. */
  stopReading(): void {
    this.#child.stdout!.destroy()
  }

  /** Resolves when what it printed fits; rejects, with what it did print, where it ends before or takes too long. */
  printed(what: string | RegExp, where: 'stdout' | 'stderr' = 'stdout'): Promise<string> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(`has not printed ${what}`), PATIENCE)
      const end = (failure?: string) => {
        clearTimeout(timer)
        this.#watchers.delete(look)
        if (failure === undefined) resolve(this[where])
        else reject(new Error(`${failure}\nstdout: ${this.stdout}\nstderr: ${this.stderr}`))
      }
      const look = () => {
        const text = this[where]
        if (typeof what === 'string' ? text.includes(what) : what.test(text)) end()
        else if (this.ended) end(`ended without printing ${what}`)
      }
      this.#watchers.add(look)
      look()
    })
  }
}
