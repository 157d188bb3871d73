import { describe, expect, it } from 'vitest'
import { pruneFilter, volumeFilter } from '../../../lib/cli/volume-filter.ts'
import type { Volume } from '../../../lib/storage/volumes.ts'

const volume: Volume = {
  name: 'web-data',
  anonymous: false,
  labels: { tier: 'db', empty: '' },
  created: '2026-05-04T10:00:00.000Z',
  options: { type: 'tmpfs' },
}
const now = Date.parse('2026-05-04T12:00:00Z')

describe('filters of volume ls', () => {
  it.each<[string[], boolean]>([
    [[], true],
    [['name=data'], true],
    [['name=^data'], false],
    [['name=x', 'name=web'], true],
    [['label=tier'], true],
    [['label=tier=db', 'label=empty'], true],
    [['label=tier=db', 'label=other'], false],
    [['label!=tier=web'], true],
    [['label!=tier'], false],
    [['driver=local', 'scope=local'], true],
    [['driver=nfs'], false],
    [['dangling=true'], false],
    [['dangling=0'], true],
    [['opt=type=tmpfs'], true],
    [['until=1h'], true],
    [['until=3h'], false],
    [['since=3h'], true],
  ])('%j', (filters, passes) => expect(volumeFilter(filters, now).fits(volume, true)).toBe(passes))

  it('sees the label by which Docker marks a volume that nobody named', () => {
    expect(volumeFilter(['label=com.docker.volume.anonymous'], now).fits({ ...volume, anonymous: true }, false)).toBe(true)
  })

  it('looks for containers only where it is asked for dangling ones', () => {
    expect([volumeFilter(['name=x'], now).asksForUse, volumeFilter(['dangling=true'], now).asksForUse]).toEqual([false, true])
  })

  it.each([
    ['dangling=maybe', "invalid filter 'dangling=[maybe]'"],
    ['size=1', "invalid filter 'size'"],
    ['name=(', "invalid filter 'name=('"],
  ])('%s is refused', (filter, message) => {
    expect(() => volumeFilter([filter], now).fits(volume, false)).toThrow(expect.objectContaining({ message, exitCode: 1 }))
  })

  it("takes Docker's all=true for a prune", () => {
    expect([pruneFilter([], now).all, pruneFilter(['all=true'], now).all, pruneFilter(['all=false'], now).all]).toEqual([false, true, false])
  })
})
