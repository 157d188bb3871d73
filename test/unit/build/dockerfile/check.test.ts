// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { describe, expect, test } from 'vitest'
import { checkDockerfile, checkSettings } from '../../../../lib/build/dockerfile/check.ts'
import { parseDockerfile } from '../../../../lib/build/dockerfile/parse.ts'
import { checkReport } from '../../../../lib/cli/check-report.ts'

function findings(lines: string[], argument?: string) {
  const dockerfile = parseDockerfile(lines.join('\n'), 'Dockerfile')
  return checkDockerfile(dockerfile, checkSettings(dockerfile.directives.check, argument))
}

describe('finds', () => {
  test.each<[rule: string, line: number, lines: string[]]>([
    ['StageNameCasing', 1, ['FROM a AS Build']],
    ['FromAsCasing', 1, ['FROM a as b']],
    ['ConsistentInstructionCasing', 2, ['FROM a', 'run x', 'RUN y']],
    ['DuplicateStageName', 2, ['FROM a AS x', 'FROM a AS x']],
    ['ReservedStageName', 1, ['FROM a AS context']],
    ['NoEmptyContinuation', 3, ['FROM a', 'RUN x \\', '', '  y']],
    ['JSONArgsRecommended', 2, ['FROM a', 'CMD x y']],
    ['MaintainerDeprecated', 2, ['FROM a', 'MAINTAINER me']],
    ['UndefinedArgInFrom', 2, ['ARG A=1', 'FROM ${B}']],
    ['WorkdirRelativePath', 2, ['FROM a', 'WORKDIR x']],
    ['MultipleInstructionsDisallowed', 3, ['FROM a', 'CMD ["a"]', 'CMD ["b"]']],
    ['LegacyKeyValueFormat', 2, ['FROM a', 'ENV A b']],
    ['RedundantTargetPlatform', 1, ['FROM --platform=$TARGETPLATFORM a']],
    ['FromPlatformFlagConstDisallowed', 1, ['FROM --platform=linux/amd64 a']],
    ['SecretsUsedInArgOrEnv', 2, ['FROM a', 'ARG GITHUB_TOKEN']],
    ['ExposeProtoCasing', 2, ['FROM a', 'EXPOSE 80/TCP']],
  ])('%s', (rule, line, lines) => {
    expect(findings(lines)).toMatchObject([{ rule, line }])
  })
})

test.each([
  [['FROM a AS b', 'ENV A=b PUBLIC_KEY=c', 'WORKDIR /x', 'WORKDIR y', 'CMD ["x"]', 'FROM b', 'CMD ["y"]']],
  [['ARG A=1', 'FROM --platform=$BUILDPLATFORM a:${A} AS x', 'SHELL ["x"]', 'ENTRYPOINT y', 'EXPOSE 80/tcp $P']],
  [['from a as b', 'run x \\', '  # a comment', '  y']],
])('finds nothing in what is as it should be: %j', (lines) => {
  expect(findings(lines)).toEqual([])
})

test('leaves out what it is told to leave out', () => {
  const lines = ['FROM a AS Build', 'MAINTAINER me']
  expect(findings(['# check=skip=all', ...lines])).toEqual([])
  expect(findings(['# check=skip=StageNameCasing', ...lines]).map(({ rule }) => rule)).toEqual(['MaintainerDeprecated'])
  expect(findings(['# check=skip=all', ...lines], 'skip=MaintainerDeprecated').map(({ rule }) => rule)).toEqual(['StageNameCasing'])
  expect(checkSettings('skip=x;error=true').error).toBe(true)
})

test('is told with the lines around the place', () => {
  const lines = ['FROM a', 'RUN x', 'CMD x \\', '  y', 'USER z']
  expect(checkReport(findings(lines), { file: 'Dockerfile', lines })).toEqual([
    'Check complete, 1 warning has been found!',
    '',
    'WARNING: JSONArgsRecommended',
    'JSON arguments recommended for CMD to prevent unintended behavior related to OS signals',
    'Dockerfile:3',
    '--------------------',
    '   1 |     FROM a',
    '   2 |     RUN x',
    '   3 | >>> CMD x \\',
    '   4 | >>>   y',
    '   5 |     USER z',
    '--------------------',
  ])
  expect(checkReport([], { file: 'Dockerfile', lines })).toEqual(['Check complete, no warnings found.'])
})
