import type { CreateOptions, IdMapRule } from '../plan/options.ts'
import { invalidArgument, usageError } from './usage-error.ts'

const GRAMMAR = /^([+ug]*)(\d{1,10}):(@?)(\d{1,10})(?::(\d{1,10}))?$/
/** 4294967295 is "no id". */
const END_OF_IDS = 4294967295

/** `--uidmap` and `--gidmap` as podman has them; undefined: neither was given. Where one is missing, the rules of the other that name no kind count for both. */
export function parseIdMaps(flags: { uidmap: string[]; gidmap: string[]; userns: string }): CreateOptions['idMaps'] {
  if (flags.uidmap.length === 0 && flags.gidmap.length === 0) return undefined
  if (flags.userns !== '') throw usageError('conflicting options: --userns, and --uidmap or --gidmap')
  const uid = flags.uidmap.map((text) => parse(text, '--uidmap'))
  const gid = flags.gidmap.map((text) => parse(text, '--gidmap'))
  const meant = (own: Parsed[], other: Parsed[], kind: 'u' | 'g') => [
    ...own.filter(({ kinds }) => kinds === '' || kinds.includes(kind)),
    ...other.filter(({ kinds }) => (kinds === '' ? own.length === 0 : kinds.includes(kind))),
  ]
  const rules = (parsed: Parsed[]) => parsed.map(({ rule }) => rule)
  return { uids: rules(meant(uid, gid, 'u')), gids: rules(meant(gid, uid, 'g')) }
}

interface Parsed {
  rule: IdMapRule
  kinds: string
}

function parse(text: string, flag: string): Parsed {
  const [, flags = '', container = '', at, from = '', amount = '1'] = GRAMMAR.exec(text) ?? []
  const rule = { container: Number(container), from: Number(from), size: Number(amount), host: at === '@', extend: flags.includes('+') }
  if (container === '') throw invalidArgument(text, flag, 'it is to be [+ug]container_id:[@]from_id[:amount]')
  if (rule.size < 1) throw invalidArgument(text, flag, 'the amount must be 1 at least')
  if (rule.container + rule.size > END_OF_IDS || rule.from + rule.size > END_OF_IDS) throw invalidArgument(text, flag, `ids end before ${END_OF_IDS}`)
  return { rule, kinds: flags.replaceAll('+', '') }
}
