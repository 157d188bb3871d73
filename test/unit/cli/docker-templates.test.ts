import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { containerDocument } from '../../../lib/cli/container-document.ts'
import { compileInspectTemplate } from '../../../lib/cli/template.ts'
import type { ContainerView } from '../../../lib/container/view.ts'
import { plainOptions } from '../../helpers/spec-input.ts'

interface Case {
  template: string
  output?: string
  error?: string
  code?: number
}

/** What Docker 26.1 answered to `inspect --format` of the same container; hack/oracle/record-templates.mjs recorded it. */
const lines = readFileSync(new URL('../../fixtures/docker-templates.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
const cases: Case[] = lines.slice(1).map((line) => JSON.parse(line))

// What can't be told apart without Go's types, and what is another thing here.
const others: Readonly<Record<string, string>> = {
  '{{.ID}}': 'ids are random',
  '{{.HostConfig.NetworkMode}} {{.HostConfig.NetworkMode.IsHost}}': 'the network, and a method of a type',
  '{{.RestartCount}} {{.Platform}} {{.Driver | len}}': 'the storage driver',
  '{{printf "%T %T %T %T %T" .Name .Config.Env .Config.Labels .Config.Tty .HostConfig.ShmSize}}': 'int and int64',
  '{{upper .HostConfig.ShmSize}}': 'int and json.Number, in the message',
  '{{len .HostConfig.ShmSize}}': 'Go takes a json.Number for a string',
  '{{eq 1 1.0}}': 'int and float64',
  '{{eq .Name "/tmpl"}} {{eq .Name "x" "/tmpl"}} {{ne .Name "x"}} {{eq 1 1}} {{eq 1 1.0}}': 'int and float64',
  '{{lt 1 1.5}}': 'int and float64',
  '{{call .Name}}': 'there are no functions to call',
  '{{.Name .ID}}': 'Go fails before it looks at the second',
}

const view = {
  record: {
    version: 1,
    id: 'e55bf3240ffe33b0340853af355b27e022935969684e9709badd1a499a1965f4',
    name: 'tmpl',
    created: '2026-11-24T14:38:46.000000000Z',
    image: { id: `sha256:${'0'.repeat(64)}`, reference: 'busybox', config: { Cmd: ['sh'], Env: ['PATH=/bin'] }, layers: [] },
    storageDriver: 'overlay',
    options: {
      ...plainOptions,
      image: 'busybox',
      command: ['-c', 'echo "hi <you>" $HOME'],
      entrypoint: ['/bin/sh'],
      env: ['A=1', 'B=two'],
      labels: { a: '1', 'b.c': 'x' },
      publish: [
        { hostIp: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
        { hostIp: '127.0.0.1', hostPort: 53, containerPort: 53, protocol: 'udp' },
      ],
    },
    ports: [],
    mounts: [],
  },
  paths: { resolvConf: '', hostname: '', hosts: '', log: '', spec: '', merged: '', upper: '', work: '' },
  status: 'created',
  live: undefined,
  exit: undefined,
} as unknown as ContainerView

const same = cases.filter(({ template }) => !Object.hasOwn(others, template))

describe('what Docker makes of a template', () => {
  it.each(same.filter(({ output }) => output !== undefined))('$template', ({ template, output }) => {
    expect(compileInspectTemplate(template)(containerDocument(view))).toBe(output)
  })

  it.each(same.filter(({ error }) => error !== undefined))('$template fails', ({ template, error, code }) => {
    const run = () => compileInspectTemplate(template)(containerDocument(view))
    expect(run).toThrow(expect.objectContaining({ message: error, exitCode: code }))
  })
})
