import { chownSync, mkdirSync, mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { busyboxTar } from './busybox-image.ts'
import { leftovers } from './leftovers.ts'
import { lichenUnderTest, requireDevice, requireTool } from './prerequisites.ts'
import { type Result, Running, type StartOptions } from './process.ts'
import { Typist } from './typist.ts'
import { asUser, type TestUser, testUser } from './user.ts'

type Options = Partial<StartOptions> & { root?: string }

/** The real command, as an ordinary user, with a data root and a run root of its own. */
export class Sandbox {
  readonly user: TestUser = testUser()
  /** Everything of this sandbox is below, and nothing else. */
  readonly top: string = mkdtempSync('/tmp/lichen-e2e-')
  readonly data = join(this.top, 'data')
  readonly run = join(this.top, 'run')
  /** For files of the tests. */
  readonly files = join(this.top, 'files')
  readonly command: string = lichenUnderTest()
  /** Put around each command; see delegated.ts. */
  around: (argv: string[]) => string[] = (argv) => argv

  constructor() {
    for (const path of [this.data, this.run, this.files]) mkdirSync(path, { mode: 0o700 })
    for (const path of [this.top, this.data, this.run, this.files]) this.give(path)
  }

  /** Makes a file the test user's. */
  give(path: string): void {
    if (process.getuid?.() === 0) chownSync(path, this.user.uid, this.user.gid)
  }

  /** What lichen sees; no more of our own environment than it needs. */
  get env(): Record<string, string> {
    const path = `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin`
    return { PATH: path, HOME: this.user.home, XDG_RUNTIME_DIR: this.run, LICHEN_TEST: this.top, TERM: 'xterm' }
  }

  argv(args: string[]): string[] {
    return this.around(asUser(this.user, [this.command, '--root', this.data, ...args]))
  }

  /** Starts lichen beside the test. */
  start(args: string[], { env, ...options }: Options = {}): Running {
    return new Running(this.argv(args), { cwd: this.files, ...options, env: { ...this.env, ...env } })
  }

  /** Starts lichen in a terminal. */
  terminal(args: string[], size = { rows: 24, columns: 80 }): Typist {
    return new Typist(this, this.argv(args), size)
  }

  /** Runs lichen to its end. */
  lichen(...args: string[]): Promise<Result> {
    return this.start(args).exited
  }

  /** Runs lichen to its end, which must be a good one; gives what it printed. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.lichen(...args)
    expect({ code, stderr: code === 0 ? '' : stderr }, `lichen ${args.join(' ')}`).toEqual({ code: 0, stderr: '' })
    return stdout.trim()
  }

  /** Imports busybox as `busybox:latest`. */
  async makeImage(): Promise<void> {
    const tar = busyboxTar(this.files)
    await this.ok('import', '--change', 'CMD ["sh"]', '--change', 'ENV PATH=/bin', tar, 'busybox')
  }

  /** Removes all containers and checks that nothing of them is left. */
  async clear(): Promise<void> {
    await this.ok('rm', '--all', '--force', '--volumes')
    expect(await this.#remainder(), 'left behind').toEqual([])
  }

  /** A monitor that has told of the end still has to end itself. */
  async #remainder(): Promise<string[]> {
    for (let attempt = 0; ; attempt++) {
      const left = leftovers(this.top, this.data, this.run)
      if (left.length === 0 || attempt === 40) return left
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }

  async destroy(): Promise<void> {
    await this.lichen('rmi', '--force', ...(await this.ok('images', '--quiet')).split('\n').filter((id) => id !== ''))
    await rm(this.top, { recursive: true, force: true })
  }
}

/** A sandbox with a busybox image for the tests of a file; after each of them nothing of a container may be left. */
export function useSandbox(): Sandbox {
  for (const tool of ['newuidmap', 'slirp4netns', 'setpriv', 'script', 'tar']) requireTool(tool)
  requireDevice('/dev/net/tun')
  const sandbox = new Sandbox()
  beforeAll(() => sandbox.makeImage())
  afterEach(() => sandbox.clear())
  afterAll(() => sandbox.destroy())
  return sandbox
}
