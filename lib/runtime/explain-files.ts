import { LichenError } from '../system/errors.ts'
import type { Failure } from './status.ts'

/** What a failure of work on files of containers is; `subject` is the path as the user knows it, `name` that of the errno. */
export function explainFiles(failure: Failure, name: string, text: string): LichenError {
  const { stage, subject, call, detail } = failure
  if (name === 'EPIPE') return new LichenError('nobody reads the files any more', { code: 'READER_GONE' })
  if (call === 'overwrite()') {
    const [there, comes] = name === 'EISDIR' ? ['directory', 'non-directory'] : ['non-directory', 'directory']
    return new LichenError(`cannot overwrite ${there} ${JSON.stringify(subject)} with ${comes}`, { code: 'CANNOT_OVERWRITE' })
  }
  if (name === 'EPERM' && detail !== '') {
    return new LichenError(`${subject} can't be copied: ${detail}`, {
      code: 'SYSTEM_FILE',
      hint: 'inside, as a program sees it: lichen exec CONTAINER tar -c PATH',
    })
  }
  const code = codes[name] ?? (stage === 'pack' ? 'PACK_FAILED' : 'UNPACK_FAILED')
  const what = name === 'ENOSPC' ? 'no space left on device' : name === 'EDQUOT' ? 'disk quota exceeded' : text
  const operation = /^\w+/.exec(call)?.[0] ?? ''
  const place = subject.startsWith('/') ? subject : `/${subject}`
  const reason = failure.errno === 0 ? detail : detail === '' ? what : `${what} (${detail})`
  return new LichenError(`${operation === '' ? '' : `${operation} `}${place}: ${reason}`, { code, ...(hints[name] === undefined ? {} : { hint: hints[name] }) })
}

const codes: Partial<Record<string, string>> = { ENOSPC: 'DISK_FULL', EDQUOT: 'DISK_FULL', EROFS: 'READ_ONLY', ENOENT: 'FILE_NOT_FOUND' }

const hints: Partial<Record<string, string>> = {
  ENOSPC: 'what had been copied before stays; make room and repeat it',
  EDQUOT: 'what had been copied before stays; make room and repeat it',
}
