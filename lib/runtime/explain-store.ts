import { LichenError } from '../system/errors.ts'
import type { Failure } from './status.ts'

/** What a failure of work on the store is, in the words of `say`; `name` is that of its errno. */
export function explainStore(failure: Failure, name: string, say: (failure: Failure) => string): LichenError {
  const { stage, subject, call, detail } = failure
  // An attribute that does not fit says ENOSPC too.
  if (['ENOSPC', 'EDQUOT'].includes(name) && !/setxattr/.test(call)) {
    const place = stage === 'apply' || stage === 'merge' ? `/${subject}` : subject
    return new LichenError(`${name === 'ENOSPC' ? 'no space is left' : 'your disk quota is used up'} for ${place}`, {
      code: 'DISK_FULL',
      hint: 'remove images (lichen rmi) or containers (lichen rm), or give a data root elsewhere: --root PATH',
    })
  }
  switch (stage) {
    case 'apply':
      return explainApply(failure, name, say)
    case 'remove':
      return new LichenError(`cannot remove ${subject}: ${say(failure)}`, { code: 'REMOVE_FAILED', ...optional(removeHint(name)) })
    case 'merge':
      return new LichenError(`the layers could not be copied: /${subject}: ${say(failure)}`, { code: 'MERGE_FAILED' })
    default:
      return new LichenError(`a trial mount failed: ${subject}: ${[say(failure), detail].filter((part) => part !== '').join(', ')}`, { code: 'PROBE_FAILED' })
  }
}

/** `subject` is a path in the layer. */
function explainApply(failure: Failure, name: string, say: (failure: Failure) => string): LichenError {
  const { subject, call, detail, errno } = failure
  if (errno === 0) return new LichenError(subject === '' ? detail : `/${subject}: ${detail}`, { code: 'BAD_LAYER' })
  if (call.startsWith('chown(')) {
    const [kind = '', id = ''] = detail.split(' ')
    return new LichenError(`/${subject} belongs to ${detail}, and your containers have no ${kind} so high`, {
      code: 'UNMAPPED_ID',
      hint: `--squash-ids makes such files nobody's. Or an administrator gives you more subordinate ids, at least ${id} of them: usermod --add-sub${kind}s FIRST-LAST USER (a range that nobody else has)`,
    })
  }
  if (/chown/.test(call) && ['EPERM', 'EINVAL', 'EOPNOTSUPP'].includes(name)) {
    return new LichenError(`/${subject} can't be given its owner: ${say(failure)}`, {
      code: 'NO_OWNERS',
      hint: 'the file system of the store takes files of one user only, as NFS does: give a data root on a local disk (--root PATH)',
    })
  }
  return new LichenError(`/${subject}: ${say(failure)}`, { code: 'APPLY_FAILED' })
}

function removeHint(name: string): string | undefined {
  if (name === 'EBUSY') return 'something is mounted there'
  if (name === 'EPERM' || name === 'EACCES') return 'its owner is none of your ids: was your range in /etc/subuid changed since?'
  return undefined
}

/** For ErrorDetails: a hint, or no such field. */
export const optional = (hint: string | undefined) => (hint === undefined ? {} : { hint })
