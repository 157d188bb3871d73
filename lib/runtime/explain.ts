import { builtin } from '../system/builtin.ts'
import { LichenError } from '../system/errors.ts'
import { explainUsernsFailure } from '../system/host.ts'
import { explainFiles } from './explain-files.ts'
import { explainStore, optional } from './explain-store.ts'
import type { Failure } from './status.ts'

/** ENOENT, EACCES, ... for a positive errno. */
export const errnoName = (errno: number) => builtin.util.getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`
const errnoText = (errno: number) => builtin.util.getSystemErrorMap().get(-errno)?.[1] ?? `error ${errno}`

/** Turns what the runtime reports of a failed step into a message with a remedy, and Docker's exit code. */
export async function explainFailure(failure: Failure): Promise<LichenError> {
  const { stage, errno, subject, detail } = failure
  switch (stage) {
    case 'exec':
      return explainExec(failure)
    case 'lock':
      return new LichenError('the container is already running', { code: 'ALREADY_RUNNING', exitCode: 1 })
    case 'user':
      return new LichenError(detail !== '' ? detail : `unable to find user ${subject}`, { code: 'USER_NOT_FOUND' })
    case 'cwd':
      return new LichenError(`working directory ${subject}: ${detail !== '' ? detail : errnoText(errno)}`, { code: 'BAD_WORKDIR', exitCode: 126 })
    case 'port':
      return explainPort(failure)
    case 'network':
      return new LichenError(`the container's network could not be set up: ${say(failure)}`, {
        code: 'NETWORK_FAILED',
        hint: networkHint(detail),
      })
    case 'idmap':
      return new LichenError(`the ids of the container could not be mapped: ${say(failure)}`, {
        code: 'IDMAP_FAILED',
        hint: 'compare the ranges in /etc/subuid and /etc/subgid with `lichen info`; newuidmap and newgidmap must be setuid root (Debian: apt install uidmap)',
      })
    case 'namespace': {
      const { message, hint } = await explainUsernsFailure(errno)
      return new LichenError(`${message}: ${say(failure)}`, { code: 'NAMESPACE_FAILED', ...optional(hint) })
    }
    case 'log':
      return explainLog(failure)
    case 'unmount':
      return new LichenError(`cannot unmount ${failure.subject}: ${say(failure)}`, { code: 'UNMOUNT_FAILED' })
    case 'mount':
      return new LichenError(mountMessage(failure), { code: 'MOUNT_FAILED', ...optional(mountHint(failure)) })
    case 'rootfs':
      return new LichenError(`the root file system could not be mounted: ${say(failure)}`, {
        code: 'ROOTFS_FAILED',
        hint: 'try another driver: --storage-driver fuse-overlayfs or --storage-driver vfs',
      })
    case 'apply':
    case 'remove':
    case 'merge':
    case 'probe':
      return explainStore(failure, errnoName(errno), say)
    case 'pack':
    case 'unpack':
    case 'view':
      return explainFiles(failure, errnoName(errno), errnoText(errno))
    default:
      return new LichenError(`${stage}: ${say(failure)}`, { code: `RUNTIME_${stage.toUpperCase()}` })
  }
}

function explainExec({ errno, subject }: Failure): LichenError {
  const name = errnoName(errno)
  const quoted = JSON.stringify(subject)
  if (name === 'ENOENT') {
    const where = subject.includes('/') ? 'no such file or directory' : 'executable file not found in $PATH'
    const hint = 'the program, or the interpreter in its first line, is not in the image'
    return new LichenError(`exec: ${quoted}: ${where}`, { code: 'EXEC_NOT_FOUND', exitCode: 127, ...(subject.includes('/') ? { hint } : {}) })
  }
  const text = name === 'EISDIR' ? 'is a directory' : name === 'EACCES' ? 'permission denied' : name === 'ENOEXEC' ? 'exec format error' : errnoText(errno)
  const hint = name === 'ENOEXEC' ? 'a script needs #!/bin/sh in its first line; a program must be for this machine (see `lichen inspect`)' : undefined
  return new LichenError(`exec: ${quoted}: ${text}`, { code: 'EXEC_FAILED', exitCode: 126, ...(hint === undefined ? {} : { hint }) })
}

function explainPort({ subject, detail }: Failure): LichenError {
  const request = safeParse(subject) as { arguments?: { host_addr?: string; host_port?: number; proto?: string } } | undefined
  const where = request?.arguments
  const name = where === undefined ? subject : `${where.host_addr}:${where.host_port}/${where.proto}`
  const reply = safeParse(detail) as { error?: { desc?: string } } | undefined
  return new LichenError(`cannot publish ${name}: ${reply?.error?.desc ?? detail}`, {
    code: 'PORT_FAILED',
    hint: `is the port taken? (ss -lntup | grep ${where?.host_port ?? 'PORT'})`,
  })
}

function networkHint(detail: string): string {
  if (/\/dev\/net\/tun/.test(detail)) return 'slirp4netns needs /dev/net/tun: an administrator runs `modprobe tun; chmod 666 /dev/net/tun`'
  return "run without a network (--network none) or in the host's (--network host) if this can not be mended"
}

function mountMessage(failure: Failure): string {
  if (failure.call.startsWith('open_tree') && failure.errno === 2) {
    return `invalid mount config for type "bind": bind source path does not exist: ${failure.subject}`
  }
  if (failure.call.startsWith('openat2(/') && failure.errno === 2 && !failure.subject.startsWith('/')) {
    return `cannot access path ${failure.subject} of the volume: no such file or directory`
  }
  if (failure.call.startsWith('openat2(image') && failure.errno === 2) return `cannot access path ${failure.subject} of the image: no such file or directory`
  return `cannot mount ${failure.subject}: ${say(failure)}`
}

function mountHint(failure: Failure): string | undefined {
  if (errnoName(failure.errno) === 'ENOSPC') return 'the limit of mounts is reached: sysctl fs.mount-max, user.max_mnt_namespaces'
  if (errnoName(failure.errno) === 'EACCES') return 'the source must be readable for your own user: no id of the container reaches further than you do'
  return undefined
}

const say = ({ call, errno, detail }: Failure) => [call, errno === 0 ? '' : errnoText(errno), detail.trim()].filter((part) => part !== '').join(': ')

function safeParse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function explainLog(failure: Failure): LichenError {
  const journal = failure.subject.startsWith('/run/systemd/')
  if (journal && ['ENOENT', 'ECONNREFUSED'].includes(errnoName(failure.errno))) {
    return new LichenError('failed to initialize logging driver: journald is not enabled on this host', {
      code: 'NO_JOURNAL',
      hint: 'take another --log-driver: json-file is the default',
    })
  }
  return new LichenError(`log: ${say(failure)}`, { code: 'RUNTIME_LOG' })
}
