import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

/** What still has to do with a folder although nothing should: processes, mounts, files of containers. Empty: nothing. */
export function leftovers(top: string, data: string, run: string): string[] {
  return [...processes(top), ...mounts(top), ...files(data, run)]
}

/** Pids whose environment, command line, working directory, executable or mounts lead into the folder. Without root, only those that can be looked at. */
export function processes(top: string): string[] {
  const found: string[] = []
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const read = (file: string) => attempt(() => readFileSync(`/proc/${pid}/${file}`, 'utf8'))
    const state = /^State:\s+(\S)/m.exec(read('status'))?.[1]
    if (state === undefined || state === 'Z') continue
    const traces = [read('environ'), read('cmdline'), read('mountinfo'), attempt(() => readlinkSync(`/proc/${pid}/cwd`))]
    if (traces.some((text) => text.includes(top))) found.push(`process ${pid}: ${read('cmdline').replaceAll('\0', ' ')}`)
  }
  return found
}

function mounts(top: string): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
  return lines.filter((line) => line.includes(top)).map((line) => `mount ${line}`)
}

function files(data: string, run: string): string[] {
  const list = (folder: string) => attempt(() => readdirSync(folder).map((name) => join(folder, name)), [])
  const runRoots = list(`${run}/lichen`).filter((path) => path.includes('/r-'))
  const found = [list(`${data}/containers`), list(`${data}/names`), list(`${data}/tmp`), ...runRoots.map((root) => list(`${root}/c`))].flat()
  // A lock file stays: one that is unlinked locks nothing.
  return found.filter((path) => !/\/(image-lock-\w+|[^/]+\.lock)$/.test(path)).map((path) => `file ${path}`)
}

function attempt<T = string>(read: () => T, otherwise = '' as T): T {
  try {
    return read()
  } catch {
    return otherwise
  }
}
