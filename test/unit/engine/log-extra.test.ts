import { hostname } from 'node:os'
import { describe, expect, it } from 'vitest'
import type { ContainerRecord } from '../../../lib/container/record.ts'
import { logExtra } from '../../../lib/engine/log-extra.ts'

const id = '0123456789abcdef'.repeat(4)
const extra = async (logDriver: string, logOptions: Record<string, string>, environment: string[] = []) => {
  const options = { logDriver, logOptions, labels: { team: 'a<b>', 'com.example.x': '1' }, command: ['sleep', '1'] }
  const image = { id: `sha256:${'f'.repeat(64)}`, reference: 'busybox', config: { Labels: { team: 'image', maker: 'me' } }, layers: [] }
  return Buffer.from(await logExtra({ id, name: 'box', options, image } as unknown as ContainerRecord, environment)).toString()
}

describe('what every line of a json-file has', () => {
  it.each<[Record<string, string>, string]>([
    [{}, ''],
    [{ labels: 'nope' }, ''],
    [{ labels: 'team,nope,maker' }, '"attrs":{"maker":"me","team":"a\\u003cb\\u003e"},'],
    [{ 'labels-regex': '^com' }, '"attrs":{"com.example.x":"1"},'],
    [{ env: 'A,B', 'env-regex': '^X' }, '"attrs":{"A":"1=1","X1":"x","X2":""},'],
    [{ tag: '{{.Name}}' }, '"attrs":{"tag":"box"},'],
  ])('with %j is %s', async (options, text) => expect(await extra('json-file', options, ['A=1=1', 'X1=x', 'X2=', 'none'])).toBe(text))

  it('may be any of what Docker gives a tag', async () => {
    const tag = '{{.ID}} {{.FullID}} {{.ImageID}} {{.ImageFullID}} {{.ImageName}} {{.Command}} {{.Hostname}} {{.DaemonName}}'
    expect(JSON.parse(`{${(await extra('json-file', { tag })).slice(0, -1)}}`)).toEqual({
      attrs: { tag: `${id.slice(0, 12)} ${id} sha256:fffff sha256:${'f'.repeat(64)} busybox sleep 1 ${hostname()} lichen` },
    })
    await expect(extra('json-file', { tag: '{{.Nope}}' })).rejects.toThrow('template')
  })

  it('has an end', async () => {
    await expect(extra('json-file', { env: 'A' }, [`A=${'x'.repeat(20_000)}`])).rejects.toThrow('the attributes of the log are too long')
  })
})

it('are fields in the journal', async () => {
  expect((await extra('journald', { labels: 'com.example.x', env: '_a' }, ['_a=two\nlines'])).split('\n')).toEqual([
    'COM_EXAMPLE_X=1',
    'A=two lines',
    `CONTAINER_ID=${id.slice(0, 12)}`,
    `CONTAINER_ID_FULL=${id}`,
    'CONTAINER_NAME=box',
    `CONTAINER_TAG=${id.slice(0, 12)}`,
    'IMAGE_NAME=busybox',
    `SYSLOG_IDENTIFIER=${id.slice(0, 12)}`,
    '',
  ])
  expect(await extra('journald', { tag: 't/{{.Name}}' })).toContain('CONTAINER_TAG=t/box\n')
})

it('is nothing where there are no attributes', async () => expect(await extra('k8s-file', {})).toBe(''))
