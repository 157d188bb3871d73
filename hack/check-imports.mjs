// Who may import whom, and what only one file may do. Rules: hack/README.md, "The tree". Prints each breach; exit code 1.
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const top = dirname(dirname(fileURLToPath(import.meta.url)))
const lib = join(top, 'lib')

/** What a folder of lib/ may take values from; types of plan/ are free for all. */
const STAGES = ['container', 'events', 'logs', 'image', 'storage', 'plan', 'runtime', 'network', 'cgroup', 'build']
const allowed = {
  main: ['cli', 'commands', 'system'],
  commands: ['commands', 'cli', 'engine', ...STAGES, 'system'],
  cli: ['cli', 'system'],
  engine: ['engine', ...STAGES, 'system'],
  system: ['system'],
  ...Object.fromEntries(STAGES.map((stage) => [stage, [stage, 'system']])),
  plan: ['plan'],
}

/** Stage to stage: the few roads that are open, and why. */
const roads = [
  // Files of the store belong to mapped ids: only the runtime, under the same map, can write and remove them.
  ['image', 'runtime/unshare.ts'],
  ['storage', 'runtime/unshare.ts'],
  ['image', 'storage/remove.ts'],
  // Errors are data until main prints them.
  ['plan', 'system/errors.ts'],
  // `ps` and `inspect` show the words that a start would execute.
  ['cli', 'plan/command-line.ts'],
  // `--log-opt tag` is a template, as `--format` is.
  ['engine', 'cli/template.ts'],
  // Documents say what the plan makes of the words.
  ['cli', 'plan/default-paths.ts'],
  ['cli', 'plan/health.ts'],
  ['cli', 'plan/id-map-lines.ts'],
  ['cli', 'plan/security-options.ts'],
  ['cli', 'plan/spec-devices.ts'],
]

/** Types may also come from these folders into cli/, which words them for people. */
const typesFor = {
  build: ['image'],
  cli: ['build', 'container', 'events', 'image', 'plan', 'storage', 'commands', 'cgroup', 'system'],
  container: ['image'],
  storage: ['image'],
}

/** No I/O: host facts arrive as arguments. */
const isPure = (file) =>
  file.startsWith('plan/') || ['image/reference.ts', 'image/manifest.ts', 'image/parse-manifest.ts'].includes(file) || file.startsWith('build/dockerfile/')
const ioModules = /^node:(fs|net|http|https|child_process|dgram|dns|tls|worker_threads)/

const breaches = []
const graph = new Map()

for (const path of readdirSync(lib, { recursive: true }).map(String)) {
  if (!path.endsWith('.ts')) continue
  const text = readFileSync(join(lib, path), 'utf8')
  const folder = folderOf(path)
  const say = (what) => breaches.push(`lib/${path}: ${what}`)
  if (/(^|\/)index\.ts$/.test(path)) say('a barrel file: import from where a thing is written')
  const values = []
  for (const { specifier, typeOnly, lazy } of importsOf(text)) {
    if (specifier.startsWith('node:')) {
      if (isPure(path) && ioModules.test(specifier) && !typeOnly) say(`imports ${specifier}, and is to do no I/O`)
      if (specifier === 'node:child_process') say('starts programs: system/spawn.ts is where that happens')
      continue
    }
    if (!specifier.startsWith('.')) continue
    const target = normalize(join(dirname(path), specifier))
    const to = folderOf(target)
    // What is loaded when it is called for makes no cycle.
    if (!typeOnly && !lazy) values.push(target)
    const open =
      (allowed[folder] ?? []).includes(to) ||
      (typeOnly && (to === 'plan' || (typesFor[folder] ?? []).includes(to))) ||
      roads.some(([from, file]) => from === folder && file === target)
    if (!open) say(`imports ${typeOnly ? 'types of ' : ''}${target}: ${folder} may not reach into ${to}`)
  }
  graph.set(path, values)
  const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
  if (path !== 'main.ts' && /process\.exit\(/.test(code)) say('ends the process: only main.ts does')
  if (!['system/addon.ts', 'system/builtin.ts'].includes(path) && /createRequire\(|process\.dlopen\(/.test(code))
    say('loads native code: only system/addon.ts does')
  if (path !== 'system/spawn.ts' && path !== 'system/addon.ts' && /addon\.(spawn|execve)\(/.test(code))
    say('starts programs: system/spawn.ts is where that happens')
  const mayPrint = path === 'main.ts' || folder === 'commands' || path.startsWith('system/')
  if (!mayPrint && /\b(writeOut|writeErr|outputStream)\(/.test(code)) say('prints: only main.ts, commands/ and system/log.ts do')
  if (path !== 'system/output.ts' && /process\.std(out|err)\b|console\.\w+\(/.test(code)) say('prints by itself: system/output.ts is where that happens')
}

for (const cycle of cycles(graph)) breaches.push(`a cycle: ${cycle.join(' -> ')}`)

if (breaches.length > 0) {
  process.stderr.write(`${breaches.join('\n')}\n`)
  process.exitCode = 1
}

function folderOf(path) {
  return path.includes('/') ? path.split('/')[0] : relative('', path).replace(/\.ts$/, '')
}

function importsOf(text) {
  const found = []
  for (const [, type, names, specifier] of text.matchAll(/^(?:import|export)\s+(type\s+)?([^'";]*?)\s*(?:from\s*)?'([^']+)'/gm)) {
    const inner = /^\{([\s\S]*)\}$/.exec(names ?? '')?.[1]
    const allTypes = inner?.split(',').every((name) => name.trim() === '' || name.trim().startsWith('type '))
    found.push({ specifier, typeOnly: type !== undefined || allTypes })
  }
  for (const [, specifier] of text.matchAll(/\bimport\('([^']+)'\)/g)) found.push({ specifier, typeOnly: false, lazy: true })
  return found
}

function cycles(edges) {
  const state = new Map()
  const found = []
  const visit = (file, trail) => {
    if (state.get(file) === 'done') return
    if (state.get(file) === 'open') {
      found.push([...trail.slice(trail.indexOf(file)), file])
      return
    }
    state.set(file, 'open')
    for (const next of edges.get(file) ?? []) visit(next, [...trail, file])
    state.set(file, 'done')
  }
  for (const file of edges.keys()) visit(file, [])
  return found
}
