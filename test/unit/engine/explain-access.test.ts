import { expect, it } from 'vitest'
import { accessHint } from '../../../lib/engine/explain-access.ts'
import { identities } from '../../helpers/spec-input.ts'

const file = { path: '/srv/x', uid: 1001, gid: 100000, mode: 0o750 }

it('tells the owner on both sides, and names the user that keep-id would be', () => {
  expect(accessHint(file, { identity: identities.user, user: '33:33' })).toBe(
    '/srv/x belongs to 1001:100000 on the host (mode 750), which is 0:1 in the container; --userns=keep-id:uid=33 makes user 33 of the container you',
  )
  expect(accessHint({ ...file, uid: 0 }, { identity: identities.user, user: 'www-data' })).toBe(
    '/srv/x belongs to 0:100000 on the host (mode 750), which is nobody:1 in the container; --userns=keep-id makes the user of the container you',
  )
})
