import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import * as protocol from '../../../lib/runtime/protocol.ts'

const header = await readFile(fileURLToPath(new URL('../../../native/runtime/protocol.h', import.meta.url)), 'utf8')

/** NAME -> number of every `NAME = number` in one enum of the header. */
function numbersOf(enumName: string): Record<string, number> {
  const body = new RegExp(`enum ${enumName} \\{([^}]*)\\}`).exec(header.replace(/\/\*[\s\S]*?\*\//g, ''))?.[1]
  if (body === undefined) throw new Error(`no enum ${enumName} in protocol.h`)
  return Object.fromEntries([...body.matchAll(/([A-Z][A-Z0-9_]*) = (\d+)/g)].map((match) => [match[1], Number(match[2])]))
}

const upper = (table: Record<string, number>, prefix: string) =>
  Object.fromEntries(Object.entries(table).map(([key, value]) => [`${prefix}${key.toUpperCase().replaceAll('-', '_')}`, value]))

describe('the two halves of the protocol carry the same numbers', () => {
  const tables: [string, Record<string, number>, string][] = [
    ['plan_verb', protocol.verb, 'VERB_'],
    ['rootfs_kind', protocol.rootfsKind, 'ROOTFS_'],
    ['mount_kind', protocol.mountKind, 'MOUNT_'],
    ['mount_flag', protocol.mountFlag, 'MOUNT_'],
    ['stdin_mode', protocol.stdinMode, 'STDIN_'],
    ['cgroup_mode', protocol.cgroupMode, 'CGROUP_'],
    ['restart_policy', protocol.restartPolicy, 'RESTART_'],
    ['health_action', { nothing: protocol.healthAction.none, kill: 1, restart: 2, stop: 3 }, 'HEALTH_'],
    ['health_answer', protocol.healthAnswer, 'HEALTH_'],
    ['event_phase', protocol.eventPhase, 'EVENT_'],
    ['log_driver', protocol.logDriver, 'LOG_'],
    ['unshare_op', protocol.unshareOp, 'OP_'],
    ['op_flag', protocol.opFlag, 'OP_'],
    ['view_kind', protocol.viewKind, 'VIEW_'],
    ['change_kind', protocol.changeKind, 'CHANGE_'],
    ['status_tag', protocol.statusTag, 'STATUS_'],
    ['trace_lane', protocol.traceLane, 'TRACE_'],
    ['control_tag', protocol.controlTag, 'CONTROL_'],
    ['frame_type', protocol.frameType, 'FRAME_'],
    ['hello_flag', protocol.helloFlag, 'HELLO_'],
    ['apply_tag', protocol.applyTag, 'APPLY_'],
    ['entry_type', protocol.entryType, 'ENTRY_'],
  ]
  it.each(tables)('%s', (name, table, prefix) => {
    expect(upper(table, prefix)).toEqual(numbersOf(name))
  })

  it('plan_tag', () => {
    const { PLAN_DETACH_KEYS: _reserved, ...used } = numbersOf('plan_tag')
    expect(upper(protocol.planTag, 'PLAN_')).toEqual(used)
  })
})
