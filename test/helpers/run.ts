import { spawn } from 'node:child_process'

export interface Ran {
  code: number
  stdout: string
  stderr: string
}

/** Runs a program to its end, or kills it after `timeout` milliseconds. Its output is kept. */
export function run(
  file: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; input?: string; timeout?: number; cwd?: string } = {},
): Promise<Ran> {
  const { env = process.env, input, timeout = 60_000, cwd } = options
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { env, cwd, stdio: ['pipe', 'pipe', 'pipe'], timeout, killSignal: 'SIGKILL' })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code: code ?? 128, stdout, stderr: signal === null ? stderr : `${stderr}\n${file} was ended by ${signal}` }))
    child.stdin.on('error', () => undefined)
    child.stdin.end(input ?? '')
  })
}

/** As `run`; throws with what the program said where its exit code is not 0. */
export async function must(file: string, args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<Ran> {
  const ran = await run(file, args, options)
  if (ran.code !== 0) throw new Error(`${file} ${args.join(' ')}: exit code ${ran.code}\n${ran.stderr}${ran.stdout}`)
  return ran
}
