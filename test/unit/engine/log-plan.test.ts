import { describe, expect, it } from 'vitest'
import type { ContainerRecord } from '../../../lib/container/record.ts'
import { chooseLog, logPlan } from '../../../lib/engine/log-plan.ts'
import type { CreateOptions } from '../../../lib/plan/options.ts'
import type { Config, Context } from '../../../lib/system/context.ts'
import type { ContainerPaths } from '../../../lib/system/paths.ts'

const choose = (logDriver: string, logOptions: Record<string, string>, config: Config = {}) =>
  chooseLog({ config } as Context, { logDriver, logOptions } as CreateOptions)
const plan = (logDriver: string, logOptions: Record<string, string>) =>
  logPlan({ options: { logDriver, logOptions } } as unknown as ContainerRecord, { log: '/log' } as ContainerPaths)

describe('the log of a container', () => {
  it('is that of the command line, else of the configuration, else json-file', () => {
    expect(choose('', {})).toEqual({ logDriver: 'json-file', logOptions: {} })
    expect(choose('', { 'max-file': '2' }, { 'log-driver': 'k8s-file', 'log-opts': { 'max-size': '1m' } })).toEqual({
      logDriver: 'k8s-file',
      logOptions: { 'max-size': '1m', 'max-file': '2' },
    })
    // Options of another driver than the one that was asked for are not meant for it.
    expect(choose('none', {}, { 'log-driver': 'k8s-file', 'log-opts': { 'max-size': '1m' } })).toEqual({ logDriver: 'none', logOptions: {} })
  })

  it.each<[string, Record<string, string>, RegExp]>([
    ['syslog', {}, /error looking up logging plugin syslog: plugin "syslog" not found/],
    ['', { colour: 'red' }, /unknown log opt 'colour' for json-file/],
    ['', { 'max-size': 'big' }, /failed to initialize logging driver: invalid size: 'big'/],
    ['', { 'max-file': '0' }, /failed to initialize logging driver: max-file cannot be less than 1/],
    // Accepted, these would change nothing.
    ['k8s-file', { labels: 'a,b' }, /the log opt 'labels' is for json-file and journald/],
    ['none', { tag: '{{.Name}}' }, /the log opt 'tag' is for json-file and journald/],
    ['journald', { 'max-size': '1m' }, /unknown log opt 'max-size' for journald/],
    ['passthrough', { path: '/log' }, /unknown log opt 'path' for passthrough/],
    ['', { 'env-regex': '(' }, /invalid value for env-regex: "\(" is no regular expression/],
    ['', { mode: 'non-blocking' }, /log mode "non-blocking" is not supported/],
    ['', { compress: 'true' }, /rotated logs are not compressed/],
  ])('is refused as %s %j', (driver, options, message) => {
    expect(() => choose(driver, options)).toThrow(message)
  })

  it('can not be passed through from a terminal of its own', () => {
    expect(() => chooseLog({ config: {} } as Context, { logDriver: 'passthrough', logOptions: {}, tty: true } as unknown as CreateOptions)).toThrow(
      'the log driver passthrough and a terminal exclude each other',
    )
  })

  it('of the journal is its socket', () => expect(plan('journald', {}).path).toBe('/run/systemd/journal/socket'))

  it('may say what is so anyway', () => {
    expect(choose('json-file', { mode: 'blocking', compress: 'false' }).logDriver).toBe('json-file')
  })

  it('has sizes in bytes', () => {
    expect(plan('k8s-file', { 'max-size': '10k', 'max-file': '3' })).toEqual({
      driver: 'k8s-file',
      path: '/log',
      maxSize: 10_000,
      maxFiles: 3,
    })
    expect(plan('json-file', { 'max-size': '7.069m' }).maxSize).toBe(7_069_000)
    expect(plan('json-file', { 'max-size': '-1', path: '/elsewhere' })).toEqual({ driver: 'json-file', path: '/elsewhere', maxSize: 0, maxFiles: 1 })
  })
})
