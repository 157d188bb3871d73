import { readFileSync, readlinkSync } from './fs.ts'

const O_CLOEXEC = 0o2000000

/**
 * Whether a descriptor was there when this process began, given that all between 2 and it were. The engines put FD_CLOEXEC on what they
 * inherit, so that does not tell. But the first descriptor that they open themselves, which takes the lowest free number, is an epoll.
 */
export function isInherited(fd: number): boolean {
  try {
    if (readlinkSync(`/proc/self/fd/${fd}`) !== 'anon_inode:[eventpoll]') return true
    const [, flags = ''] = /^flags:\s+(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')) ?? []
    return (Number.parseInt(flags, 8) & O_CLOEXEC) === 0
  } catch {
    return false
  }
}
