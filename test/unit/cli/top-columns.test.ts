import { expect, test } from 'vitest'
import { namedColumns, type TopProcess, topTable } from '../../../lib/cli/top-columns.ts'

const day = 86_400_000
const boot = new Date(2026, 10, 20).getTime()
const clock = { boot, now: boot + 4 * day + 3_600_000 }
const box = (more: Partial<TopProcess> = {}): TopProcess => ({
  pid: 1234,
  ppid: 1200,
  pgid: 1234,
  innerPid: 1,
  innerParent: 0,
  comm: 'sh',
  args: ['sh', '-c', 'sleep 5'],
  state: 'S',
  tty: 0x8800,
  cpuTicks: 6_170,
  // An hour ago.
  startTicks: 4 * day * 0.1,
  nice: 0,
  virtualBytes: 1 << 20,
  residentBytes: 4096,
  user: 'root',
  group: 'root',
  realUser: 'app',
  realGroup: 'app',
  hostUser: 'jane',
  ...more,
})

test('what `ps -ef` shows, with the pids of the host and the users of the container', () => {
  expect(topTable([box()], undefined, clock)).toEqual([
    ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
    ['root', '1234', '1200', '1', '00:00', 'pts/0', '00:01:01', 'sh -c sleep 5'],
  ])
})

test('a process without a command line is shown by its name, one without a terminal by a question mark', () => {
  expect(topTable([box({ args: [], tty: 0 })], ['args', 'tty'], clock)[1]).toEqual(['[sh]', '?'])
})

test.each([
  [0, 'Nov20'],
  [-400 * 8_640_000, '2025'],
])('a start at tick %i is a date', (startTicks, stime) => {
  expect(topTable([box({ startTicks })], ['stime'], clock)[1]).toEqual([stime])
})

test("podman's columns", () => {
  expect(topTable([box()], ['pid', 'hpid', 'ppid', 'user', 'huser', 'ruser', 'pcpu', 'etime', 'rss', 'vsz'], clock)).toEqual([
    ['PID', 'HPID', 'PPID', 'USER', 'HUSER', 'RUSER', '%CPU', 'ELAPSED', 'RSS', 'VSZ'],
    ['1', '1234', '0', 'root', 'jane', 'app', '1.7', '01:00:00', '4', '1024'],
  ])
})

test.each([
  [
    ['pid', 'user'],
    ['pid', 'user'],
  ],
  [['pid,user'], ['pid', 'user']],
  [['aux'], undefined],
  [['-o', 'pid'], undefined],
  [[], undefined],
])('%j names the columns %j', (words, names) => {
  expect(namedColumns(words)).toEqual(names)
})
