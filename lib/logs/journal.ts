import { closeSync } from 'node:fs'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { drain, requireProgram, spawn } from '../system/spawn.ts'
import { logAttributeWords } from './attributes.ts'
import { canonicalLogTime, type LogPiece, type LogWish } from './records.ts'

export interface ReadJournalOptions {
  /** Of the container, whole. */
  id: string
  wish: LogWish
  /** The last entries only; undefined: all. */
  tail: number | undefined
  /** Goes on until this comes; undefined: what is there now. */
  end: Promise<unknown> | undefined
}

type Entry = Record<string, string | number[] | null | undefined>

/** The journal puts entries in order of their arrival, and tells nobody when it has all of them. */
const QUIET = 300

/** What a container wrote to the journal, in order. Throws NO_HELPER, and NO_JOURNAL where the user may not read it. */
export async function* readJournal({ id, wish, tail, end }: ReadJournalOptions): AsyncGenerator<LogPiece> {
  const lines = tail !== undefined ? `--lines=${tail}` : end === undefined ? '--lines=all' : '--no-tail'
  const argv = ['journalctl', '--no-pager', '--all', '--output=json', lines, ...(end === undefined ? [] : ['--follow']), `CONTAINER_ID_FULL=${id}`]
  const [outRead, outWrite] = addon.pipe({})
  const [errRead, errWrite] = addon.pipe({})
  const child = spawn({
    file: await requireProgram('journalctl'),
    argv,
    fds: [
      [1, outWrite],
      [2, errWrite],
    ],
  })
  for (const fd of [outWrite, errWrite]) closeSync(fd)
  const exited = child.exited()
  const words = drain(errRead)
  let last = Date.now()
  let any = false
  const watch = end?.then(() => endWhenQuiet(child.pid, () => last))
  try {
    for await (const entry of entries(outRead)) {
      last = Date.now()
      any = true
      const pieces = decode(entry, wish)
      if (pieces === 'done') break
      yield* pieces
    }
  } finally {
    stop(child.pid)
    closeSync(outRead)
    await watch
    await exited
  }
  const said = (await words).trim()
  if (!any && end === undefined && ((await exited) === 1 || /insufficient permissions|not seeing messages/i.test(said))) throw notReadable(said)
}

async function endWhenQuiet(pid: number, last: () => number): Promise<void> {
  const since = Date.now()
  for (let left = QUIET; left > 0; left = QUIET - (Date.now() - Math.max(last(), since))) await new Promise((resolve) => setTimeout(resolve, left))
  stop(pid)
}

function stop(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch {
    // It has ended, and is not reaped yet or just now.
  }
}

async function* entries(fd: number): AsyncGenerator<Entry> {
  let rest = Buffer.alloc(0)
  for (let part = await addon.readFd({ fd }); part !== null; part = await addon.readFd({ fd })) {
    const bytes = rest.length === 0 ? part : Buffer.concat([rest, part])
    let start = 0
    for (let newline = bytes.indexOf(10); newline !== -1; newline = bytes.indexOf(10, start)) {
      // What is no JSON says that there are no entries, or that the machine was started.
      if (bytes[start] === 0x7b) yield JSON.parse(bytes.toString('utf8', start, newline)) as Entry
      start = newline + 1
    }
    rest = Buffer.from(bytes.subarray(start))
  }
}

function decode(entry: Entry, { since, until, timestamps, details }: LogWish): LogPiece[] | 'done' {
  const time = canonicalLogTime(text(entry['SYSLOG_TIMESTAMP'])) ?? arrival(entry)
  if (since !== undefined && time < since) return []
  if (until !== undefined && time > until) return 'done'
  const front = `${timestamps ? `${time} ` : ''}${details ? `${logAttributeWords(attributes(entry))} ` : ''}`
  const bytes = [Buffer.from(front), message(entry['MESSAGE']), Buffer.from(entry['CONTAINER_PARTIAL_MESSAGE'] === 'true' ? '' : '\n')]
  return [{ stream: entry['PRIORITY'] === '3' ? 2 : 1, bytes: Buffer.concat(bytes) }]
}

/** Microseconds since 1970. */
const arrival = (entry: Entry) => `${new Date(Number(entry['__REALTIME_TIMESTAMP']) / 1000).toISOString().slice(0, -1)}000000Z`

/** What is no UTF-8 comes as a list of bytes. */
const message = (value: Entry[string]) => Buffer.from(value ?? '')
const text = (value: Entry[string]) => (typeof value === 'string' ? value : '')

/** Fields that every entry of a container has, or any entry at all; Docker leaves them out as well. */
const KNOWN = /^(_.*|SYSLOG_.*|CONTAINER_(ID|ID_FULL|NAME|TAG|PARTIAL_.*)|IMAGE_NAME|MESSAGE|MESSAGE_ID|PRIORITY|ERRNO|CODE_.*|DOCUMENTATION|TID)$/

const attributes = (entry: Entry) => Object.entries(entry).flatMap(([name, value]): [string, string][] => (KNOWN.test(name) ? [] : [[name, text(value)]]))

const notReadable = (said: string) =>
  new LichenError('the journal can not be read', {
    code: 'NO_JOURNAL',
    exitCode: 1,
    hint: `${said === '' ? '' : `journalctl: ${said.split('\n')[0]}; `}an administrator adds you to its readers: usermod -aG systemd-journal USER`,
  })
