import { expect, it } from 'vitest'
import { endsAtLogout } from '../../../lib/engine/logout.ts'

const session = { uid: 1000, systemd: true, membership: '0::/user.slice/user-1000.slice/session-3.scope\n', lingers: false }

it.each([
  ['a session of systemd ends it', {}, true],
  ['one whose user lingers does not', { lingers: true }, false],
  ['nor does a batch job', { membership: '0::/system.slice/slurmstepd.scope/job_7/step_0\n' }, false],
  ["nor somebody else's session", { uid: 1001 }, false],
  ['nor a host without systemd', { systemd: false }, false],
])('%s', (_, facts, ends) => expect(endsAtLogout({ ...session, ...facts })).toBe(ends))
