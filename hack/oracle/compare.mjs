#!/usr/bin/env node
// Runs command lines on Docker and on lichen, and prints where exit codes, output or messages differ.
//   hack/oracle/oracle start
//   hack/oracle/compare.mjs hack/oracle/cases/*.txt [--only TEXT] [--all]
//
// A line of a case file is a line of shell in which $D is the command, $S a folder that both have, $SHAPE shape.mjs; both sides run it as they stand, one line after the other.
//   # a comment          + a line that is run, and not compared          ~ why the next line's answers are not the same
// Ids, times and what else no two runs share is made the same first; so are the two styles of telling an error (see normalise).
// A line with ~ is printed with --all only. The exit code is 1 where other lines differ.
import { spawn, spawnSync } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const here = dirname(fileURLToPath(import.meta.url))
const oracle = process.env.ORACLE ?? '/tmp/lichen-oracle'
const user = process.env.LICHEN_TEST_USER ?? 'lichen-test'
const lichen = process.env.LICHEN ?? resolve(here, '../../dist/lichen')

const { values: flags, positionals: files } = parseArgs({
  options: { only: { type: 'string' }, all: { type: 'boolean' }, raw: { type: 'boolean' } },
  allowPositionals: true,
})
if (files.length === 0) {
  process.stderr.write(`usage: compare.mjs CASES... [--only TEXT] [--all]\n`)
  process.exit(2)
}

const { uid, gid, home } = account(user)
const work = join(oracle, 'lichen')
for (const folder of [work, join(work, 'run')]) {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chownSync(folder, uid, gid)
}
const docker = {
  argv: ['sh', '-c'],
  env: {
    ...process.env,
    D: `${join(here, 'oracle')} docker`,
    ORACLE: oracle,
    S: join(oracle, 'shared'),
    SHAPE: `${process.execPath} ${join(here, 'shape.mjs')}`,
  },
}
const ours = {
  argv: ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', 'sh', '-c'],
  env: {
    PATH: process.env.PATH,
    HOME: home,
    USER: user,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    XDG_RUNTIME_DIR: join(work, 'run'),
    D: `${lichen} --root ${join(work, 'data')}`,
    SHAPE: `${process.execPath} ${join(here, 'shape.mjs')}`,
    S: join(oracle, 'shared'),
  },
}

let differing = 0
let known = 0
let same = 0
for (const side of [docker, ours]) await run(side, '$D rm -f $($D ps -aq); true')
if ((await run(ours, '$D image inspect busybox')).code !== 0) {
  await run(ours, `$D import --change 'CMD ["sh"]' --change 'ENV PATH=/bin' $S/busybox.tar busybox`)
}
for (const file of files) {
  let why
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue
    if (line.startsWith('~')) {
      why = line.slice(1).trim()
      continue
    }
    const silent = line.startsWith('+')
    const command = silent ? line.slice(1).trim() : line
    const wanted = flags.only === undefined || silent || command.includes(flags.only)
    if (wanted) {
      const [theirs, mine] = await Promise.all([run(docker, command), run(ours, command)])
      if (!silent) compare(file, command, why, theirs, mine)
    }
    why = undefined
  }
}
process.stdout.write(`${same} the same, ${known} known to differ, ${differing} differ\n`)
process.exitCode = differing > 0 ? 1 : 0

function compare(file, command, why, theirs, mine) {
  const differences = ['code', 'stdout', 'stderr'].filter((part) => normalise(part, theirs[part]) !== normalise(part, mine[part]))
  if (differences.length === 0) {
    same++
    if (why !== undefined) process.stdout.write(`--- ${file}: ${command}\n    no longer differs: ${why}\n`)
    return
  }
  if (why !== undefined) {
    known++
    if (!flags.all) return
  } else differing++
  process.stdout.write(`--- ${command}${why === undefined ? '' : `   (${why})`}\n`)
  for (const part of differences) {
    const text = (value) => (flags.raw ? String(value) : normalise(part, value))
    if (part === 'code') process.stdout.write(`  code:   ${theirs.code} / ${mine.code}\n`)
    else process.stdout.write(`  ${part}:\n${lineByLine(text(theirs[part]), text(mine[part]))}`)
  }
}

/** Lines that only one side has, in order; where most differ this is both texts. */
function lineByLine(theirs, mine) {
  const [a, b] = [theirs.split('\n'), mine.split('\n')]
  const longest = Array.from({ length: a.length + 1 }, () => new Array(b.length + 1).fill(0))
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1])
  let out = ''
  let i = 0
  let j = 0
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++
      j++
    } else if (i < a.length && (j === b.length || longest[i + 1][j] >= longest[i][j + 1])) out += `    docker | ${a[i++]}\n`
    else out += `    lichen | ${b[j++]}\n`
  }
  return out
}

function normalise(part, value) {
  if (part === 'code') return value
  let text = value
    .replace(/[0-9a-f]{64}/g, '<id>')
    .replace(/\b[0-9a-f]{12}\b/g, '<short id  >')
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '<time>')
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+/g, '<go time>')
    .replace(/\b(\d+ (seconds?|minutes?)|About a minute|Less than a second|About an hour)\b( ago)? */g, '<span> ')
    .replace(/(CREATED|STATUS) +/g, '$1 ')
    .replace(/\b[a-z]+_[a-z]+\b/g, (word) => (/^(cgroup|host|read|drop|local|json)_/.test(word) ? word : '<name>'))
    .replaceAll('\r\n', '\n')
    .replace(/\\u00(3c|3e|26)/g, (_, code) => String.fromCharCode(Number.parseInt(code, 16)))
  if (part === 'stderr') {
    // Below a usage error Docker prints the help.
    text = text.replace(/(^|\n)\s*Usage:[\s\S]*$/, '')
    // Names of Go's types, and the verb in front of a template's mistake.
    text = text
      .replace(/can't evaluate field (\w+) in type \S+/g, "can't evaluate field $1")
      .replace(/(failed to (execute|parse) template|template parsing error): /g, '')
      .replace(/^WARNING: /gm, 'Warning: ')
      .split('\n')
      .filter((line) => !/^(See '.*--help'\.?|Run '.*--help' for more information|hint: .*|Usage: .*|)$/.test(line))
      .map((line) =>
        line
          .replace(/^docker: /, '')
          .replace(/^Error: lichen: /, '')
          .replace(/^(Error response from daemon|Error): /, '')
          .replace(/^Error: /, '')
          .replace(/^(failed to create task for container: failed to create shim task: )?OCI runtime \w+ failed: (\w+ )?\w+ failed: /, '')
          .replace(/^unable to start container process: (.*): unknown(: permission denied)?\.?$/, '$1')
          .replaceAll('docker', 'lichen')
          .replace(/\.$/, ''),
      )
      .join('\n')
  }
  return text.replace(/[ \t]+$/gm, '').trimEnd()
}

function run({ argv, env }, command) {
  return new Promise((done) => {
    const [program, ...rest] = [...argv, command]
    const child = spawn(program, rest, { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    // The whole group: what the shell has started holds the pipes open.
    const late = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), 60_000)
    const out = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr']) child[stream].setEncoding('utf8').on('data', (text) => (out[stream] += text))
    child.on('close', (code, signal) => {
      clearTimeout(late)
      done({ code: code ?? signal, ...out })
    })
  })
}

function account(name) {
  const [, , id, group, , folder] = spawnSync('getent', ['passwd', name], { encoding: 'utf8' }).stdout.split(':')
  if (id === undefined) throw new Error(`there is no user ${name}: hack/setup-host --tests makes it, LICHEN_TEST_USER names another`)
  return { uid: Number(id), gid: Number(group), home: folder }
}
