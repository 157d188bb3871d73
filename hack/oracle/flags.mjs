#!/usr/bin/env node
// Compares what `--help` of Docker's verbs says with lichen's: the usage line, the words that call the verb, and every flag's long name, letter and
// kind of value. Flags that only lichen has are no difference.
//   hack/oracle/oracle start
//   hack/oracle/flags.mjs [VERB...]        as in: hack/oracle/flags.mjs run 'volume ls'
// What differs on purpose stands in flags.txt, with the reason. The exit code is 1 where something else does.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const lichen = process.env.LICHEN ?? resolve(here, '../../dist/lichen')
const known = new Map(
  readFileSync(join(here, 'flags.txt'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(/ ~ /)),
)
const used = new Set()

const verbs = process.argv.length > 2 ? process.argv.slice(2) : await everyVerb()
let differences = 0
for (const verb of verbs) compare(verb)
if (process.argv.length === 2) for (const line of known.keys()) if (!used.has(line)) tell(`no longer differs: ${line}`)
process.stdout.write(`${verbs.length} verbs, ${used.size} differences on purpose, ${differences} others\n`)
process.exitCode = differences > 0 ? 1 : 0

function compare(verb) {
  const [theirs, mine] = [read(help('docker', verb)), read(help('lichen', verb))]
  if (mine === undefined) return differ(`${verb}: no such verb`)
  for (const part of ['usage', 'aliases']) {
    for (const line of theirs[part]) if (!mine[part].includes(line)) differ(`${verb}: ${part}: ${line}`)
  }
  for (const [name, flag] of theirs.flags) {
    const own = mine.flags.get(name)
    if (own === undefined) {
      if (!understood(verb, name, flag)) differ(`${verb}: --${name}: unknown`)
    } else {
      if (own.short !== flag.short) differ(`${verb}: --${name}: letter: ${flag.short ?? 'none'} | ${own.short ?? 'none'}`)
      if (own.value !== flag.value) differ(`${verb}: --${name}: value: ${flag.value || 'none'} | ${own.value || 'none'}`)
    }
  }
  const letters = new Map([...theirs.flags].filter(([, { short }]) => short !== undefined).map(([name, { short }]) => [short, name]))
  for (const [name, { short }] of mine.flags) {
    if (letters.has(short) && letters.get(short) !== name) differ(`${verb}: -${short}: --${letters.get(short)} | --${name}`)
  }
}

/** Flags that are understood and not shown: they would be unknown even before --help. */
function understood(verb, name, { value }) {
  const args = [...verb.split(' '), value === '' ? `--${name}` : `--${name}=1`, '--help']
  return spawnSync(lichen, args, { encoding: 'utf8' }).status === 0
}

function help(side, verb) {
  const [program, ...words] = side === 'docker' ? [join(here, 'oracle'), 'docker'] : [lichen]
  const { status, stdout } = spawnSync(program, [...words, ...verb.split(' '), '--help'], { encoding: 'utf8' })
  return status === 0 ? stdout.replaceAll('docker', 'lichen') : undefined
}

function read(text) {
  if (text === undefined) return undefined
  const usage = /^Usage:\s+((?:.*\n)(?:\s+lichen .*\n)*)/m.exec(text)?.[1] ?? ''
  const aliases = /^Aliases:\n {2}(.*)$/m.exec(text)?.[1] ?? ''
  const flags = new Map()
  for (const [, short, name, value = ''] of text.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: ([\w-]+))?(?= {3}|$)/gm)) flags.set(name, { short, value })
  return {
    usage: usage
      .split('\n')
      .map((line) => line.trim().replace(/^[a-z -]+/, ''))
      .filter((line) => line !== ''),
    aliases: aliases.split(', ').filter((word) => word !== ''),
    flags,
  }
}

async function everyVerb() {
  const out = (args) => spawnSync(join(here, 'oracle'), ['docker', ...args, '--help'], { encoding: 'utf8' }).stdout
  const listed = (text, title) => [...(new RegExp(`^${title}:\\n((?: {2}.*\\n)*)`, 'm').exec(text)?.[1] ?? '').matchAll(/^ {2}(\w+)/gm)].map(([, word]) => word)
  const top = out([])
  const verbs = [...listed(top, 'Common Commands'), ...listed(top, 'Commands')]
  for (const group of ['builder', 'container', 'image', 'system', 'volume']) for (const word of listed(out([group]), 'Commands')) verbs.push(`${group} ${word}`)
  return verbs
}

/** What is known of `wait` is known of `container wait`. */
function differ(line) {
  const found = [line, line.replace(/^(builder|container|image) /, '')].find((text) => known.has(text))
  if (found !== undefined) used.add(found)
  else tell(line)
}

function tell(line) {
  differences++
  process.stdout.write(`${line}\n`)
}
