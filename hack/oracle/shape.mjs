#!/usr/bin/env node
// Prints the shape of a JSON document on standard input: a line a field, with its type, and its value where that is one word for all.
//   docker inspect x | hack/oracle/shape.mjs [FIELDS...]      only below these fields: State HostConfig.LogConfig
import { readFileSync } from 'node:fs'

const text = readFileSync(0, 'utf8')
const wanted = process.argv.slice(2)
const lines = []
walk('', JSON.parse(text))
process.stdout.write(`${lines.sort().join('\n')}\n`)

function walk(path, value) {
  if (value === null || value === true || value === false || value === 0 || value === '') return say(path, JSON.stringify(value))
  if (Array.isArray(value)) {
    if (value.length === 0) return say(path, '[]')
    for (const [at, item] of value.entries()) walk(path === '' ? '' : `${path}[${at}]`, item)
    return
  }
  if (typeof value === 'object') {
    if (Object.keys(value).length === 0) return say(path, '{}')
    for (const [key, item] of Object.entries(value)) walk(path === '' ? key : `${path}.${key}`, item)
    return
  }
  say(path, typeof value === 'string' && /^[\w./:-]{1,30}$/.test(value) && !/\d{3}/.test(value) ? JSON.stringify(value) : typeof value)
}

function say(path, type) {
  if (wanted.length === 0 || wanted.some((field) => path === field || path.startsWith(`${field}.`) || path.startsWith(`${field}[`)))
    lines.push(`${path} ${type}`)
}
