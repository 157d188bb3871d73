import type { OciSeccomp } from '../plan/spec.ts'
import { addon } from '../system/addon.ts'
import type { Context } from '../system/context.ts'
import { LichenError } from '../system/errors.ts'
import { writeFileAtomic } from '../system/files.ts'
import { debug } from '../system/log.ts'
import { sha256 } from '../system/sha256.ts'
import { mkdir, readFile } from '../system/small-files.ts'

export interface SeccompProgram {
  /** struct sock_filter array. */
  program: Uint8Array
  /** For seccomp(2). */
  flags: number
}

/** sha256 of what follows: 8 bytes with the flags, and the program. */
const DIGEST = 32
const HEAD = DIGEST + 8
const INSTRUCTION = 8

/**
 * A profile as the kernel takes it. libseccomp needs about 20 ms for Docker's, so what it made is kept in the run root, by the
 * profile's content; a file that is not what was written counts as none. Throws BAD_SECCOMP.
 */
export async function seccompProgram(context: Pick<Context, 'paths'>, profile: OciSeccomp): Promise<SeccompProgram> {
  const folder = `${context.paths.run}/seccomp`
  const path = `${folder}/${keyOf(profile)}`
  const kept = await read(path)
  if (kept !== undefined) return kept
  const made = compile(profile)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFileAtomic(path, encode(made))
  } catch (error) {
    // A full disk costs the next start 20 ms.
    debug(() => `the seccomp program could not be kept: ${(error as Error).message}`)
  }
  return made
}

const keyOf = (profile: OciSeccomp) => sha256(JSON.stringify([process.arch, addon.seccompRevision({}), profile])).toString('hex')

function compile(profile: OciSeccomp): SeccompProgram {
  try {
    const { program, flags, unknown } = addon.seccompProgram({ profile })
    if (unknown.length > 0) debug(() => `seccomp: not known to this libseccomp and left out: ${unknown.join(' ')}`)
    return { program, flags }
  } catch (error) {
    throw new LichenError(`the seccomp profile can't be used: ${(error as Error).message}`, {
      code: 'BAD_SECCOMP',
      hint: '--security-opt seccomp=FILE takes Docker\'s and the OCI specification\'s form; "seccomp=unconfined" goes without',
      cause: error,
    })
  }
}

function encode({ program, flags }: SeccompProgram): Buffer {
  const content = Buffer.alloc(HEAD - DIGEST + program.length)
  content.writeUInt32LE(flags)
  content.set(program, HEAD - DIGEST)
  return Buffer.concat([sha256(content), content])
}

async function read(path: string): Promise<SeccompProgram | undefined> {
  const file = await readFile(path).catch(() => undefined)
  if (file === undefined || file.length <= HEAD || (file.length - HEAD) % INSTRUCTION !== 0) return undefined
  const content = file.subarray(DIGEST)
  if (!sha256(content).equals(file.subarray(0, DIGEST))) return undefined
  return { program: file.subarray(HEAD), flags: content.readUInt32LE() }
}
