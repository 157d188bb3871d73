import { LichenError } from '../system/errors.ts'
import { atLeast } from './kernel-release.ts'
import type { OciSeccomp, SeccompRule } from './spec.ts'

/** A profile as Docker writes it: OCI's fields, and rules that depend on the container and the machine. */
interface SeccompDocument extends Omit<OciSeccomp, 'syscalls'> {
  archMap?: { architecture: string; subArchitectures?: string[] | null }[]
  syscalls?: ConditionalRule[]
}

interface ConditionalRule extends Omit<SeccompRule, 'names' | 'args'> {
  names?: string[]
  /** The name that Docker once had instead of `names`. */
  name?: string
  args?: SeccompRule['args'] | null
  includes?: Condition | null
  excludes?: Condition | null
}

interface Condition {
  arches?: string[]
  caps?: string[]
  minKernel?: string
}

interface Machine {
  /** Of the bounding set. */
  capabilities: string[]
  /** As Node says it. */
  architecture: string
  kernelRelease: string
}

/** Node's name -> Go's, which profiles use in conditions, and libseccomp's. */
const architectures: Record<string, [go: string, seccomp: string]> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  ia32: ['x86', 'SCMP_ARCH_X86'],
  arm: ['arm', 'SCMP_ARCH_ARM'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
  ppc64: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
  riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
  s390x: ['s390x', 'SCMP_ARCH_S390X'],
  loong64: ['loong64', 'SCMP_ARCH_LOONGARCH64'],
}

/** The profile of `--security-opt seccomp=FILE`, in Docker's form or OCI's, for this container on this machine. Throws BAD_SECCOMP. */
export function readSeccompDocument(text: string, machine: Machine): OciSeccomp {
  const { archMap, syscalls = [], architectures: listed = [], ...rest } = parse(text)
  if (archMap !== undefined && archMap.length > 0 && listed.length > 0) {
    throw bad(`both 'architectures' and 'archMap' are specified in the seccomp profile, use either 'architectures' or 'archMap'`)
  }
  const [, own] = architectures[machine.architecture] ?? []
  const mapped = archMap?.find(({ architecture }) => architecture === own)
  const chosen = mapped === undefined ? listed : [mapped.architecture, ...(mapped.subArchitectures ?? [])]
  return {
    ...rest,
    ...(chosen.length === 0 ? {} : { architectures: chosen }),
    syscalls: syscalls.filter((rule) => applies(rule, machine)).map(plainRule),
  }
}

function parse(text: string): SeccompDocument {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch (error) {
    throw bad(`the seccomp profile is not valid JSON: ${(error as Error).message}`)
  }
  if (typeof document !== 'object' || document === null || typeof (document as SeccompDocument).defaultAction !== 'string') {
    throw bad('the seccomp profile has no defaultAction')
  }
  return document as SeccompDocument
}

function applies({ includes, excludes }: ConditionalRule, machine: Machine): boolean {
  const [go = machine.architecture] = architectures[machine.architecture] ?? []
  const newEnough = (version: string) => {
    const [, major = '0', minor = '0'] = /^(\d+)\.(\d+)/.exec(version) ?? []
    return atLeast(machine.kernelRelease, Number(major), Number(minor))
  }
  if (excludes?.arches?.includes(go)) return false
  if (excludes?.caps?.some((name) => machine.capabilities.includes(name))) return false
  if (excludes?.minKernel !== undefined && newEnough(excludes.minKernel)) return false
  if (includes?.arches !== undefined && includes.arches.length > 0 && !includes.arches.includes(go)) return false
  if (includes?.caps?.some((name) => !machine.capabilities.includes(name))) return false
  return includes?.minKernel === undefined || newEnough(includes.minKernel)
}

function plainRule({ name, names = [], action, errnoRet, args }: ConditionalRule): SeccompRule {
  if (name !== undefined && name !== '' && names.length > 0) {
    throw bad(`both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'`)
  }
  return {
    names: name !== undefined && name !== '' ? [name] : names,
    action,
    ...(errnoRet === undefined ? {} : { errnoRet }),
    ...(args === undefined || args === null || args.length === 0 ? {} : { args }),
  }
}

const bad = (message: string) =>
  new LichenError(message, { code: 'BAD_SECCOMP', hint: "a profile is a JSON file as in the OCI runtime specification (linux.seccomp), or one of Docker's" })
