import { describe, expect, it } from 'vitest'
import type { Descriptor, Platform } from '../../../lib/image/manifest.ts'
import { choosePlatform } from '../../../lib/image/platform.ts'

const entry = (name: string, platform?: Platform): Descriptor => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: name,
  size: 1,
  ...(platform === undefined ? {} : { platform }),
})
const on = (architecture: string, variant?: string): Platform => ({ os: 'linux', architecture, ...(variant === undefined ? {} : { variant }) })
const attestation = entry('attestation', { os: 'unknown', architecture: 'unknown' })
const choose = (wanted: Platform, ...manifests: Descriptor[]) => choosePlatform({ manifests } as Parameters<typeof choosePlatform>[0], wanted, 'x:1').digest

describe('of an index', () => {
  it('attestations are never taken for an image', () => {
    expect(choose(on('amd64'), attestation, entry('a', on('amd64')))).toBe('a')
    expect(() => choose(on('amd64'), attestation)).toThrow('no matching manifest for linux/amd64')
  })

  it('an entry without a platform is for any, where none is for the one that is wanted', () => {
    expect(choose(on('amd64'), entry('any'), attestation)).toBe('any')
    expect(choose(on('amd64'), entry('any'), entry('a', on('amd64')))).toBe('a')
  })

  it('the variant that such machines usually are comes first', () => {
    expect(choose(on('arm'), entry('v6', on('arm', 'v6')), entry('v7', on('arm', 'v7')))).toBe('v7')
    expect(choose(on('arm', 'v6'), entry('v7', on('arm', 'v7')), entry('v6', on('arm', 'v6')))).toBe('v6')
    expect(choose(on('arm64'), entry('plain', on('arm64')))).toBe('plain')
  })
})
