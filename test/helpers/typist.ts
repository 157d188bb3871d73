import { execFileSync } from 'node:child_process'
import { Running } from './process.ts'
import type { Sandbox } from './sandbox.ts'

/** A program in a terminal of its own, made by script(1): the test is the user who types and reads. */
export class Typist {
  readonly #running: Running

  constructor(sandbox: Pick<Sandbox, 'env' | 'files'>, argv: string[], { rows, columns }: { rows: number; columns: number }) {
    const words = argv.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ')
    const line = `tty; stty rows ${rows} cols ${columns}; echo ready; ${words}; code=$?; stty -a; echo "ended with $code"; exit $code`
    this.#running = new Running(['script', '--quiet', '--return', '--flush', '--command', line, '/dev/null'], {
      env: { ...sandbox.env, SHELL: '/bin/sh' },
      cwd: sandbox.files,
      interactive: true,
    })
  }

  /** What stands on the screen, and what stood there before. */
  get text(): string {
    return this.#running.stdout
  }

  get exited() {
    return this.#running.exited
  }

  type(text: string): void {
    this.#running.write(text)
  }

  shows(what: string | RegExp): Promise<string> {
    return this.#running.printed(what)
  }

  /** As a window that is pulled at the corner. */
  async resize(rows: number, columns: number): Promise<void> {
    await this.shows(/^\/dev\/pts\/\d+/)
    const [path = ''] = this.text.split(/\r?\n/)
    execFileSync('stty', ['-F', path, 'rows', String(rows), 'cols', String(columns)])
  }

  /** As a window that is closed. */
  hangUp(): void {
    this.#running.kill('SIGKILL')
  }
}
