import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { useSandbox } from '../helpers/sandbox.ts'

const box = useSandbox()
const context = join(box.files, 'context')

beforeEach(() => {
  rmSync(context, { recursive: true, force: true })
  mkdirSync(context)
})

function dockerfile(...lines: string[]): void {
  writeFileSync(join(context, 'Dockerfile'), `${lines.join('\n')}\n`)
  execFileSync('chown', ['-R', `${box.user.uid}:${box.user.gid}`, context])
}

test('on a terminal a picture is drawn in its place, however its size changes', async () => {
  // The step ends when the test has seen what it says.
  dockerfile(
    'FROM busybox',
    'RUN --mount=type=bind,target=/ctx printf "\\033[31mred\\033[0m words\\n"; while ! test -e /ctx/go; do sleep 0.1; done; echo last; false',
  )
  const typist = box.terminal(['build', context], { rows: 12, columns: 60 })
  await typist.shows(' => => # red words')
  await typist.resize(8, 40)
  await typist.shows(/ => \[2\/2\] RUN --mount=type=bind?,? +[\d.]+s\r/)
  writeFileSync(join(context, 'go'), '')
  await typist.shows('ended with 1')
  const { text } = typist
  expect(text).toMatch(/\[\+\] Building \d+\.\ds \(2\/2\) FINISHED/)
  expect(text).toMatch(/ => ERROR \[2\/2\] RUN/)
  expect(text).toMatch(/------\r\n > \[2\/2\] RUN .*\r\n[\d.]+ .*red.* words\r\n[\d.]+ last\r\n------/)
  // The cursor comes back.
  expect(text.lastIndexOf('\x1b[?25h')).toBeGreaterThan(text.lastIndexOf('\x1b[?25l'))
})

test('in colours, or plain where that is asked for; BUILDKIT_PROGRESS is heard', async () => {
  dockerfile('FROM busybox', 'LABEL a=b')
  const bare = box.terminal(['build', context])
  await bare.shows('ended with 0')
  expect(bare.text).toContain('\x1b[34m => [1/1] FROM busybox')
  const dark = box.terminal(['build', '--progress', 'plain', context])
  await dark.shows('ended with 0')
  expect(dark.text).toContain('#1 [1/1] FROM busybox')
  const { stderr } = await box.start(['build', context], { env: { BUILDKIT_PROGRESS: 'rawjson' } }).exited
  expect(JSON.parse(stderr.split('\n')[0]!).vertexes[0].name).toBe('[1/1] FROM busybox')
  expect(await box.lichen('build', '--progress', 'tty', context)).toMatchObject({ code: 1, stderr: expect.stringContaining('failed to get console') })
})

test('rawjson has a line for each change', async () => {
  dockerfile('FROM busybox', 'RUN echo said', 'RUN false')
  const { code, stderr } = await box.lichen('build', '--progress', 'rawjson', context)
  expect(code).toBe(1)
  const lines = stderr.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []))
  const vertexes = lines.flatMap((line) => line.vertexes ?? [])
  const logs = lines.flatMap((line) => line.logs ?? [])
  expect(Buffer.from(logs[0].data, 'base64').toString()).toBe('said\n')
  const said = vertexes.filter(({ name }) => name === '[2/3] RUN echo said')
  expect(said).toMatchObject([{ started: expect.any(String) }, { completed: expect.any(String), digest: logs[0].vertex }])
  expect(vertexes.at(-1)).toMatchObject({ name: '[3/3] RUN false', error: expect.stringContaining('exit code: 1') })
})
