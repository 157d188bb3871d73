import { describe, expect, it } from 'vitest'
import { mergeHealthcheck, planHealth } from '../../../lib/plan/health.ts'

const image = { Healthcheck: { Test: ['CMD-SHELL', 'true'], Interval: 60e9, Retries: 5 } }
const usual = { interval: 30_000, timeout: 30_000, startPeriod: 0, startInterval: 5_000, retries: 3 }

describe('the check of a container', () => {
  it("is the image's, field by field under what was asked for", () => {
    expect(mergeHealthcheck(undefined, image.Healthcheck)).toEqual(image.Healthcheck)
    expect(mergeHealthcheck({ Retries: 2, onFailure: 'kill' }, image.Healthcheck)).toEqual({ Test: ['CMD-SHELL', 'true'], Interval: 60e9, Retries: 2 })
    expect(mergeHealthcheck(undefined, undefined)).toBeUndefined()
  })

  it.each([
    ["Docker's usual times", { Test: ['CMD-SHELL', 'true'] }, {}, { ...usual, args: ['/bin/sh', '-c', 'true'] }],
    ['words as they are', { Test: ['CMD', 'a', 'b c'] }, {}, { ...usual, args: ['a', 'b c'] }],
    ["the image's shell", { Test: ['CMD-SHELL', 'true'] }, { Shell: ['/bin/bash', '-ec'] }, { ...usual, args: ['/bin/bash', '-ec', 'true'] }],
    ["the image's check", undefined, image, { ...usual, args: ['/bin/sh', '-c', 'true'], interval: 60_000, retries: 5 }],
    ['zero for the usual', { Test: ['CMD', 'a'], Interval: 0, Timeout: 0, Retries: 0 }, {}, { ...usual, args: ['a'] }],
    ['times in milliseconds', { Test: ['CMD', 'a'], StartPeriod: 1e9, StartInterval: 2e6 }, {}, { ...usual, args: ['a'], startPeriod: 1000, startInterval: 2 }],
    ['no time by itself', { Test: ['CMD', 'a'], onDemand: true }, {}, { ...usual, args: ['a'], interval: 0 }],
    ['none', { Test: ['NONE'] }, image, undefined],
    ['none without a command', { Retries: 2 }, {}, undefined],
  ])('has %s', (_, wish, config, plan) => {
    expect(planHealth(wish, config)).toEqual(plan)
  })
})
