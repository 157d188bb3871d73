import { expect, it } from 'vitest'
import { imageEnvironment } from '../../../lib/plan/environment.ts'
import { groupEntry, passwdEntry } from '../../../lib/plan/user-entries.ts'

const account = { name: 'alice', uid: '1000', gid: '50', group: 'staff', home: '/w' }

it('makes the lines of a user, by a template of the user as well, and never two lines', () => {
  expect([passwdEntry(account), groupEntry(account)]).toEqual(['alice:*:1000:50:alice:/w:/bin/sh', 'staff:x:50:alice'])
  expect(passwdEntry(account, '$USERNAME:x:$UID:$GID:$OTHER:$HOME:/bin/sh\nroot2:x:0:0::/:')).toBe('alice:x:1000:50:$OTHER:/w:/bin/shroot2:x:0:0::/:')
})

it("takes variables out of the image's, and makes others of them", () => {
  const image = ['PATH=/bin', 'A=1', 'B=x=y']
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the user writes
  expect(imageEnvironment(image, { unsetEnv: ['A'], envMerge: ['B=${B}:${A}${NONE}!'] })).toEqual([['PATH=/bin', 'B=x=y'], ['B=x=y:1!']])
  expect(imageEnvironment(image, { unsetEnv: ['*'] })).toEqual([[], []])
})
