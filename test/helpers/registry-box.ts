import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect } from 'vitest'
import type { Result } from './process.ts'
import { Sandbox } from './sandbox.ts'

/** A sandbox without images, with credentials, certificates and configuration of its own. */
export class RegistryBox extends Sandbox {
  /** Its `.docker` and `.config` are this box's. */
  readonly home = join(this.files, 'home')

  override get env(): Record<string, string> {
    return { ...super.env, HOME: this.home, XDG_CONFIG_HOME: join(this.home, '.config') }
  }

  /** Writes a file below the home folder, readable by the user alone. */
  async write(path: string, content: string | object, mode = 0o600): Promise<string> {
    const file = join(this.home, path)
    for (let at = this.home.length; at !== -1; at = file.indexOf('/', at + 1)) {
      await mkdir(file.slice(0, at), { recursive: true })
      this.give(file.slice(0, at))
    }
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content))
    await chmod(file, mode)
    this.give(file)
    return file
  }

  configure(config: object): Promise<string> {
    return this.write('.config/lichen/config.json', config)
  }

  /** Fails as it shall: exit code 125, one line and a hint; gives stderr. */
  async fails(...args: string[]): Promise<string> {
    const result = await this.lichen(...args)
    expect(result, `lichen ${args.join(' ')}`).toMatchObject({ code: 125, stderr: expect.stringMatching(/^(Warning: .*\n)*Error: .*\n(hint: .*\n)*$/) })
    return result.stderr
  }

  /** What `images` shows, sorted. */
  async images(format = '{{.Repository}}:{{.Tag}}'): Promise<string[]> {
    return (await this.ok('images', '--format', format))
      .split('\n')
      .filter((line) => line !== '')
      .sort()
  }

  with(env: Record<string, string>, ...args: string[]): Promise<Result> {
    return this.start(args, { env }).exited
  }
}

/** A new box for whoever asks, until the end of the test. */
export function useRegistryBoxes(): () => Promise<RegistryBox> {
  const boxes: RegistryBox[] = []
  afterEach(async () => {
    for (const box of boxes.splice(0)) await box.destroy()
  })
  return async () => {
    const box = new RegistryBox()
    await box.write('.keep', '')
    boxes.push(box)
    return box
  }
}
