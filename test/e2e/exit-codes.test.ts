import { expect, it } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()

it.each<[string, string[], number, RegExp]>([
  ['the exit code of the program', ['run', '--rm', 'busybox', 'sh', '-c', 'exit 7'], 7, /^$/],
  ['128+n for signal n', ['run', '--rm', '--init', 'busybox', 'sh', '-c', 'kill -TERM $$'], 143, /^$/],
  ['127 for a program that is not there', ['run', '--rm', 'busybox', 'nope'], 127, /^Error: exec: "nope": executable file not found in \$PATH\n$/],
  ['127 for a path that is not there', ['run', '--rm', 'busybox', '/nope'], 127, /^Error: exec: "\/nope": no such file or directory\n/],
  ['126 for a file that is no program', ['run', '--rm', 'busybox', '/etc/passwd'], 126, /^Error: exec: "\/etc\/passwd": permission denied\n$/],
  ['126 for a directory', ['run', '--rm', 'busybox', '/etc'], 126, /^Error: exec: "\/etc": is a directory\n$/],
  ['125 for an unknown flag', ['run', '--nope', 'busybox'], 125, /^Error: unknown flag: --nope\nhint: See 'lichen run --help'\.\n$/],
  ['125 for an unknown image', ['run', '--pull', 'never', 'nope:1'], 125, /^Error: .*nope:1.*\n/],
  ['125 for an image name that is none', ['run', 'library/UPPER'], 125, /^Error: .*must be lowercase/],
  ['125 for a user that is not there', ['run', '--rm', '-u', 'carol', 'busybox', 'true'], 125, /unable to find user carol/],
  ['125 for an id that is none', ['run', '--rm', '-u', '4294967296', 'busybox', 'true'], 125, /^Error: /],
  [
    '125 for a missing bind source',
    ['run', '--rm', '--mount', 'type=bind,src=/nope,dst=/x', 'busybox', 'true'],
    125,
    /bind source path does not exist: \/nope/,
  ],
  ['125 for a stop signal that is none', ['run', '--stop-signal', 'NOPE', 'busybox'], 125, /^Error: invalid signal: NOPE\n$/],
  ['1 for a missing container', ['start', 'nope'], 1, /^Error: No such container: nope\nError: failed to start containers: nope\n$/],
  ['1 for too few words', ['stop'], 1, /^Error: "lichen stop" requires at least 1 argument\.\nhint: /],
  ['1 for run without an image', ['run'], 1, /requires at least 1 argument/],
  ['1 for a terminal that is none', ['run', '--rm', '-it', 'busybox', 'true'], 1, /^Error: the input device is not a TTY\n/],
  ['0 for -t without -i, terminal or not', ['run', '--rm', '-t', 'busybox', 'true'], 0, /^$/],
])('%s', async (_, args, code, stderr) => {
  const result = await box.lichen(...args)
  expect({ code: result.code, stderr: stderr.test(result.stderr) ? stderr : result.stderr }).toEqual({ code, stderr })
})

it('leaves a container that could not be started as created, unless --rm was given', async () => {
  expect((await box.lichen('run', '--name', 'stays', 'busybox', 'nope')).code).toBe(127)
  expect(await box.ok('inspect', '--format', '{{.State.Status}}', 'stays')).toBe('created')
  expect((await box.lichen('run', '--rm', '--name', 'goes', 'busybox', 'nope')).code).toBe(127)
  expect(await box.ok('ps', '-a', '--format', '{{.Names}}')).toBe('stays')
  expect(await box.lichen('start', 'stays')).toEqual({
    code: 1,
    stdout: '',
    stderr: 'Error: exec: "nope": executable file not found in $PATH\nError: failed to start containers: stays\n',
  })
  expect(await box.ok('inspect', '--format', '{{.State.Status}}', 'stays')).toBe('created')
})

it('keeps the status of an ended container that can not be started again, and why it could not', async () => {
  await box.ok('run', '--name', 'once', '-v', 'shared:/x', 'busybox', 'sh', '-c', 'rm /bin/sh; exit 0')
  expect((await box.lichen('start', 'once')).code).toBe(1)
  expect(await box.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'once')).toBe('exited 127')
})
