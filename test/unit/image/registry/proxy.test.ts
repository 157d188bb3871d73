import { describe, expect, test } from 'vitest'
import { proxyAuthorization, proxyFor } from '../../../../lib/image/registry/proxy.ts'

const ask = (url: string, env: Record<string, string>) => proxyFor(new URL(url), env)?.href

describe('which proxy', () => {
  test.each([
    ['https://r.example/', { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128/'],
    ['https://r.example/', { https_proxy: 'http://p:3128' }, 'http://p:3128/'],
    ['https://r.example/', { HTTP_PROXY: 'http://p:3128' }, undefined],
    ['http://r.example/', { HTTP_PROXY: 'p:3128' }, 'http://p:3128/'],
    ['http://r.example/', { HTTPS_PROXY: 'http://p:3128' }, undefined],
    ['https://r.example/', { HTTPS_PROXY: '' }, undefined],
    ['https://localhost:5000/', { HTTPS_PROXY: 'http://p:3128' }, undefined],
    ['https://127.0.0.9/', { HTTPS_PROXY: 'http://p:3128' }, undefined],
    ['https://[::1]:5000/', { HTTPS_PROXY: 'http://p:3128' }, undefined],
  ] as const)('%s with %j: %s', (url, env, proxy) => {
    expect(ask(url, env)).toBe(proxy)
  })
})

describe('NO_PROXY', () => {
  test.each([
    ['https://r.example/', 'r.example', true],
    ['https://a.r.example/', 'r.example', true],
    ['https://a.r.example/', '.r.example', true],
    ['https://r.example/', '.r.example', false],
    ['https://r.example/', '*.r.example', false],
    ['https://notr.example/', 'r.example', false],
    ['https://r.example:5000/', 'r.example:5000', true],
    ['https://r.example/', 'r.example:5000', false],
    ['https://r.example/', 'r.example:443', true],
    ['https://10.1.2.3/', '10.0.0.0/8', true],
    ['https://10.1.2.3/', '10.1.2.3', true],
    ['https://[fd00::1]:5000/', 'fd00::1', true],
    ['https://r.example/', 'x, R.EXAMPLE ,y', true],
    ['https://r.example/', '*', true],
    ['https://r.example/', ' , ', false],
  ] as const)('%s, %j: exempt %s', (url, list, exempt) => {
    expect(ask(url, { HTTPS_PROXY: 'http://p:3128', NO_PROXY: list }) === undefined).toBe(exempt)
  })
})

test("a proxy that lichen can't use is told without its password", () => {
  const ask = () => proxyFor(new URL('https://r.example/'), { HTTPS_PROXY: 'socks5://me:hunter2@p:1080' })
  expect(ask).toThrow(expect.objectContaining({ kind: 'proxy', message: expect.not.stringContaining('hunter2') }))
})

test('credentials of a proxy', () => {
  expect(proxyAuthorization(new URL('http://me:p%40ss@p:3128'))).toEqual({ 'Proxy-Authorization': `Basic ${Buffer.from('me:p@ss').toString('base64')}` })
  expect(proxyAuthorization(new URL('http://p:3128'))).toEqual({})
})
