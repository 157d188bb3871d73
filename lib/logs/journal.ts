import { closeSync } from 'node:fs'
import { addon } from '../system/addon.ts'
import { LichenError } from '../system/errors.ts'
import { drain, requireProgram, spawn } from '../system/spawn.ts'
import { logAttributeWords } from './attributes.ts'
import { canonicalLogTime, type LogPiece, type LogWish } from './records.ts'

/** Which entry is the last: those of an epoch, which is a monitor's, are numbered from 1 on; 0: it has written none. */
export interface LogEnd {
  epoch: string
  last: number
}

export interface ReadJournalOptions {
  /** Of the container, whole. */
  id: string
  wish: LogWish
  /** The last entries only; undefined: all. */
  tail: number | undefined
  /** Goes on until this comes, and then up to the entry that it names; undefined: what is there now. */
  end: Promise<LogEnd | undefined> | undefined
}

type Entry = Record<string, string | number[] | null | undefined>

/**
 * Milliseconds without an entry: of an end that names no last entry (nothing was written, the monitor was killed, the moment of --until has come), and of one whose
 * last entry the journal has thrown away, as it does with what comes too fast.
 */
const QUIET = { unknown: 300, lost: 5000 }

/** What a container wrote to the journal, in order. Throws NO_HELPER, and NO_JOURNAL where the user may not read it. */
export async function* readJournal({ id, wish, tail, end }: ReadJournalOptions): AsyncGenerator<LogPiece> {
  // Of those that follow, the last entry that is there is always looked at: it may be the last of all.
  const hidden = end !== undefined && tail === 0 ? Date.now() : 0
  const lines = tail !== undefined ? `--lines=${hidden > 0 ? 1 : tail}` : end === undefined ? '--lines=all' : '--no-tail'
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
  const seen = { moment: Date.now(), epoch: '', ordinal: 0 }
  let wanted: LogEnd | undefined
  let any = false
  const complete = () => wanted !== undefined && wanted.last > 0 && seen.epoch === wanted.epoch && seen.ordinal >= wanted.last
  const quiet = whenQuiet(
    () => seen.moment,
    () => stop(child.pid),
  )
  end?.then((last) => {
    wanted = last
    if (complete()) quiet.within(0)
    else quiet.within(last === undefined || last.last === 0 ? QUIET.unknown : QUIET.lost)
  })
  try {
    for await (const entry of entries(outRead)) {
      any = true
      Object.assign(seen, { moment: Date.now(), epoch: text(entry['CONTAINER_LOG_EPOCH']), ordinal: Number(entry['CONTAINER_LOG_ORDINAL']) })
      const pieces = arrived(entry) < hidden ? [] : decode(entry, wish)
      if (pieces === 'done') break
      yield* pieces
      if (complete()) break
    }
  } finally {
    quiet.over()
    stop(child.pid)
    closeSync(outRead)
    await exited
  }
  const said = (await words).trim()
  if (!any && end === undefined && ((await exited) === 1 || /insufficient permissions|not seeing messages/i.test(said))) throw notReadable(said)
}

/** Calls `act` when nothing has happened for so long since `within`, unless it is over before. */
function whenQuiet(last: () => number, act: () => void): { within(milliseconds: number): void; over(): void } {
  let over = false
  let timer: NodeJS.Timeout | undefined
  return {
    within(milliseconds) {
      const since = Date.now()
      const look = () => {
        const left = milliseconds - (Date.now() - Math.max(last(), since))
        if (left > 0) timer = setTimeout(look, left)
        else act()
      }
      if (!over) look()
    },
    over() {
      over = true
      clearTimeout(timer)
    },
  }
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

/** The journal counts microseconds. */
const arrived = (entry: Entry) => Number(entry['__REALTIME_TIMESTAMP']) / 1000
const arrival = (entry: Entry) => `${new Date(arrived(entry)).toISOString().slice(0, -1)}000000Z`

/** What is no UTF-8 comes as a list of bytes. */
const message = (value: Entry[string]) => Buffer.from(value ?? '')
const text = (value: Entry[string]) => (typeof value === 'string' ? value : '')

/** Fields that every entry of a container has, or any entry at all; Docker leaves them out as well. */
const KNOWN = /^(_.*|SYSLOG_.*|CONTAINER_(ID|ID_FULL|NAME|TAG|PARTIAL_.*|LOG_.*)|IMAGE_NAME|MESSAGE|MESSAGE_ID|PRIORITY|ERRNO|CODE_.*|DOCUMENTATION|TID)$/

const attributes = (entry: Entry) => Object.entries(entry).flatMap(([name, value]): [string, string][] => (KNOWN.test(name) ? [] : [[name, text(value)]]))

const notReadable = (said: string) =>
  new LichenError('the journal can not be read', {
    code: 'NO_JOURNAL',
    exitCode: 1,
    hint: `${said === '' ? '' : `journalctl: ${said.split('\n')[0]}; `}an administrator adds you to its readers: usermod -aG systemd-journal USER`,
  })
