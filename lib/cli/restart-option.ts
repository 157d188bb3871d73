import type { RestartOption } from '../plan/options.ts'
import { usageError } from './usage-error.ts'

const unlimited = ['always', 'unless-stopped']

/** `--restart`: no, always, unless-stopped, on-failure, on-failure:5. Throws USAGE in Docker's words. */
export function parseRestart(text: string): RestartOption | undefined {
  const [policy = '', count = ''] = split(text)
  if (count !== '' && !/^[+-]?\d+$/.test(count)) throw usageError('invalid restart policy format: maximum retry count must be an integer')
  const most = Number(count)
  if (policy === 'on-failure') {
    if (most < 0) throw usageError('invalid restart policy: maximum retry count cannot be negative')
    return { policy, most }
  }
  if (policy !== '' && policy !== 'no' && !isUnlimited(policy)) {
    throw usageError(`invalid restart policy: unknown policy '${policy}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`)
  }
  if (most !== 0) {
    const more = most < 0 ? ' and cannot be negative' : ''
    throw usageError(`invalid restart policy: maximum retry count can only be used with 'on-failure'${more}`)
  }
  return isUnlimited(policy) ? { policy, most: 0 } : undefined
}

function split(text: string): string[] {
  const colon = text.indexOf(':')
  if (colon === 0) throw usageError('invalid restart policy format: no policy provided before colon')
  return colon === -1 ? [text] : [text.slice(0, colon), text.slice(colon + 1)]
}

const isUnlimited = (policy: string): policy is 'always' | 'unless-stopped' => unlimited.includes(policy)
