#!/usr/bin/env node
// Asks Docker what it makes of templates, and writes the answers down for test/unit/cli/docker-templates.test.ts.
//   hack/oracle/oracle start && hack/oracle/record-templates.mjs
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const docker = (...words) => spawnSync(join(here, 'oracle'), ['docker', ...words], { encoding: 'utf8' })
const create = ['create', '--name', 'tmpl', '-e', 'A=1', '-e', 'B=two', '--label', 'a=1', '--label', 'b.c=x', '-p', '8080:80', '-p', '127.0.0.1:53:53/udp']
create.push('--entrypoint', '/bin/sh', 'busybox', '-c', 'echo "hi <you>" $HOME')

docker('rm', '-f', 'tmpl')
if (docker(...create).status !== 0) throw new Error('the container could not be made: does the oracle run?')
const version = execFileSync(join(here, 'oracle'), ['docker', 'version', '--format', '{{.Server.Version}}'], { encoding: 'utf8' }).trim()
const lines = readFileSync(join(here, 'templates.txt'), 'utf8').split('\n')
const cases = lines
  .filter((line) => line !== '')
  .map((template) => {
    const { status, stdout, stderr } = docker('inspect', '--format', template, 'tmpl')
    return status === 0 ? { template, output: stdout.replace(/\n$/, '') } : { template, error: stderr.trim(), code: status }
  })
docker('rm', '-f', 'tmpl')
const file = resolve(here, '../../test/fixtures/docker-templates.jsonl')
const from = { from: `docker inspect --format, Docker ${version}; see hack/oracle/record-templates.mjs` }
writeFileSync(file, [from, ...cases].map((row) => `${JSON.stringify(row)}\n`).join(''))
