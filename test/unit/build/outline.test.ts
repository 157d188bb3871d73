// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { expect, test } from 'vitest'
import { parseDockerfile } from '../../../lib/build/dockerfile/parse.ts'
import { listTargets, outlineTarget } from '../../../lib/build/outline.ts'
import { checkJson, outlineJson, outlineText, parseCall, targetsJson, targetsText } from '../../../lib/cli/build-calls.ts'

const dockerfile = parseDockerfile(
  [
    '# BASE image to begin with',
    'ARG BASE=busybox',
    'ARG UNUSED=1',
    'FROM ${BASE} AS tools',
    '# VERSION of the tools',
    '# and more of it',
    'ARG VERSION=2',
    'RUN --mount=type=secret,id=token,required=true --mount=type=ssh make',
    '',
    '# release is what is shipped',
    'FROM scratch AS release',
    'ARG VERSION',
    'ARG TARGETARCH',
    'COPY --from=tools /x /',
    '',
    '# elsewhere has a comment that is not its own',
    '',
    'FROM alpine AS elsewhere',
    'ARG ELSE',
    'RUN --mount=type=secret,target=/run/secrets/other true',
  ].join('\n'),
  'Dockerfile',
)
const settings = (target?: string, args: Record<string, string> = {}) => ({
  buildArgs: new Map(Object.entries(args)),
  target,
  platformArgs: new Map([['TARGETARCH', 'arm64']]),
  contexts: new Map(),
})

test('an outline has what the target and its stages take', () => {
  expect(outlineText(outlineTarget(dockerfile, settings('release', { VERSION: '3' })))).toEqual([
    'TARGET:      release',
    'DESCRIPTION: is what is shipped',
    '',
    'BUILD ARG    VALUE     DESCRIPTION',
    'BASE         busybox   image to begin with',
    'VERSION      3         of the tools',
    'TARGETARCH   arm64',
    '',
    'SECRET   REQUIRED',
    'token    true',
    '',
    'SSH       REQUIRED',
    'default',
    '',
  ])
  expect(outlineText(outlineTarget(dockerfile, settings()))).toEqual([
    'TARGET: elsewhere',
    '',
    'BUILD ARG   VALUE   DESCRIPTION',
    'ELSE',
    '',
    'SECRET   REQUIRED',
    'other',
    '',
  ])
})

test('targets, in their order', () => {
  expect(targetsText(listTargets(dockerfile, settings()))).toEqual([
    'TARGET                DESCRIPTION',
    'tools',
    'release               is what is shipped',
    'elsewhere (default)',
  ])
  const plain = parseDockerfile('FROM busybox\n', 'Dockerfile')
  expect(targetsText(listTargets(plain, settings()))).toEqual(['TARGET      DESCRIPTION', '(default)'])
  expect(outlineText(outlineTarget(plain, settings()))).toEqual([])
})

test('as JSON they have the names of BuildKit', () => {
  const outline = JSON.parse(outlineJson(outlineTarget(dockerfile, settings('tools')), dockerfile.source).join('\n'))
  expect(outline).toMatchObject({
    name: 'tools',
    args: [
      { name: 'BASE', value: 'busybox', description: 'image to begin with', location: { ranges: [{ start: { line: 2 }, end: { line: 2 } }] } },
      { name: 'VERSION', value: '2' },
    ],
    secrets: [{ name: 'token', required: true }],
    ssh: [{ name: 'default' }],
  })
  expect(Buffer.from(outline.sources[0], 'base64').toString()).toContain('FROM scratch AS release')
  const { targets } = JSON.parse(targetsJson(listTargets(dockerfile, settings()), dockerfile.source).join('\n'))
  expect(targets[2]).toEqual({ name: 'elsewhere', default: true, base: 'alpine', location: { ranges: [{ start: { line: 18 }, end: { line: 18 } }] } })
  const found = checkJson([{ rule: 'JSONArgsRecommended', message: 'm', line: 3, endLine: 4 }], dockerfile.source)
  expect(JSON.parse(found.join('\n'))).toMatchObject({
    warnings: [{ ruleName: 'JSONArgsRecommended', url: 'https://docs.docker.com/go/dockerfile/rule/json-args-recommended/', detail: 'm' }],
    sources: [{ filename: 'Dockerfile' }],
  })
})

test.each([
  ['build', { kind: 'build', json: false, ignoreStatus: false }],
  ['lint', { kind: 'check', json: false, ignoreStatus: false }],
  ['outline,format=json', { kind: 'outline', json: true, ignoreStatus: false }],
  ['check,ignorestatus=true', { kind: 'check', json: false, ignoreStatus: true }],
])('--call %s', (text, call) => {
  expect(parseCall(text)).toEqual(call)
})

test.each(['llb', 'outline,format=yaml', 'outline,x=y'])('--call %s is refused', (text) => {
  expect(() => parseCall(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
