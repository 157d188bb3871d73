// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { expect, test } from 'vitest'
import { checkDockerfile, checkSettings } from '../../../../lib/build/dockerfile/check.ts'
import { checkVariables } from '../../../../lib/build/dockerfile/check-variables.ts'
import { parseDockerfile } from '../../../../lib/build/dockerfile/parse.ts'

const check = (...lines: string[]) =>
  checkVariables(parseDockerfile(lines.join('\n'), 'Dockerfile'), (base) => (base === 'known' ? ['PATH', 'HOME'] : undefined)).map(
    ({ rule, line, message }) => `${line} ${rule}: ${message}`,
  )

test.each([
  [['FROM known', 'COPY $SRC /'], "2 UndefinedVar: Usage of undefined variable '$SRC'"],
  [['FROM known', 'ENV PATH=$PAHT:/x'], "2 UndefinedVar: Usage of undefined variable '$PAHT' (did you mean $PATH?)"],
  [['FROM known', 'ENV A=1 B=$A'], "2 UndefinedVar: Usage of undefined variable '$A'"],
  [['ARG G=1', 'FROM known', 'USER ${G}'], "3 UndefinedVar: Usage of undefined variable '$G'"],
  [['FROM scratch', 'WORKDIR "/$HOME"'], "2 UndefinedVar: Usage of undefined variable '$HOME'"],
  [['FROM known AS a', 'FROM a', 'EXPOSE $PORT'], "3 UndefinedVar: Usage of undefined variable '$PORT'"],
  [['ARG TAG', 'FROM busybox:$TAG'], '2 InvalidDefaultArgInFrom: Default value for ARG busybox:$TAG results in an empty or invalid base image name'],
  [['ARG IMAGE', 'FROM $IMAGE'], '2 InvalidDefaultArgInFrom: Default value for ARG $IMAGE results in an empty or invalid base image name'],
])('%j', (lines, expected) => {
  expect(check(...lines)).toEqual([expected])
})

test.each([
  [['FROM known', 'ENV A=$PATH', 'LABEL l=$A', 'ARG B', 'COPY $B $HOME']],
  [['FROM known AS a', 'ARG X', 'FROM a', 'USER $X']],
  [['FROM known', 'COPY ${X:-y} ${Y:+z} /$http_proxy']],
  [['FROM known', "LABEL a='$X' b=\\$X"]],
  [['FROM known', 'RUN echo $X', 'CMD echo $X']],
  [['FROM other', 'COPY $X /']],
  [['ARG TAG=1', 'FROM busybox:${TAG}']],
  [['ARG TAG', 'FROM busybox:${TAG:-latest}']],
])('nothing of %j', (lines) => {
  expect(check(...lines)).toEqual([])
})

test('they are left out where that is said', () => {
  const dockerfile = parseDockerfile('FROM scratch\nCOPY $A /\n', 'Dockerfile')
  expect(checkDockerfile(dockerfile, checkSettings(undefined))).toHaveLength(1)
  expect(checkDockerfile(dockerfile, checkSettings('skip=UndefinedVar'))).toEqual([])
  expect(checkDockerfile(dockerfile, checkSettings('skip=all'))).toEqual([])
})
