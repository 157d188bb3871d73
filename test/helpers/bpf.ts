/** What a seccomp filter looks at: struct seccomp_data without the instruction pointer. */
export interface SystemCall {
  nr: number
  /** AUDIT_ARCH_*; this machine's where absent. */
  arch?: number
  args?: (number | bigint)[]
}

/** AUDIT_ARCH_* of linux/audit.h. */
export const auditArch = { x64: 0xc000003e, ia32: 0x40000003, arm: 0x40000028, arm64: 0xc00000b7 } as const

const [LD, ALU, JMP, RET] = [0x00, 0x04, 0x05, 0x06]

/** Carries out a filter as the kernel would, for architectures that this machine is not. Gives SECCOMP_RET_*. */
export function runFilter(program: Uint8Array, call: SystemCall): number {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength)
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, call.nr, true)
  data.setUint32(4, call.arch ?? auditArch[process.arch as keyof typeof auditArch], true)
  for (const [at, value] of (call.args ?? []).entries()) data.setBigUint64(16 + 8 * at, BigInt(value), true)
  let accumulator = 0
  for (let pc = 0; pc < program.length / 8; pc++) {
    const code = view.getUint16(pc * 8, true)
    const [yes, no] = [view.getUint8(pc * 8 + 2), view.getUint8(pc * 8 + 3)]
    const k = view.getUint32(pc * 8 + 4, true)
    if ((code & 7) === RET) return k
    if ((code & 7) === LD) accumulator = data.getUint32(k, true)
    else if ((code & 7) === ALU && code >> 4 === 5) accumulator = (accumulator & k) >>> 0
    else if ((code & 7) === JMP) pc += code >> 4 === 0 ? k : test(code >> 4, accumulator, k) ? yes : no
    else throw new RangeError(`instruction ${pc} has the code ${code}`)
  }
  throw new RangeError('the filter ends without a return')
}

function test(operator: number, a: number, k: number): boolean {
  if (operator === 1) return a === k
  if (operator === 2) return a > k
  if (operator === 3) return a >= k
  return (a & k) !== 0
}

export const ALLOW = 0x7fff0000
export const errno = (number: number) => 0x00050000 | number
