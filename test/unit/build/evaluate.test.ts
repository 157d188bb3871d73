// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { describe, expect, test } from 'vitest'
import { parseDockerfile } from '../../../lib/build/dockerfile/parse.ts'
import { evaluateStage } from '../../../lib/build/evaluate.ts'
import { planStages } from '../../../lib/build/stages.ts'
import type { Work } from '../../../lib/build/work.ts'
import type { ImageConfig } from '../../../lib/image/manifest.ts'

const platformArgs = new Map([
  ['TARGETARCH', 'arm64'],
  ['BUILDPLATFORM', 'linux/amd64'],
])

function plan(lines: string[], { args = {}, target }: { args?: Record<string, string>; target?: string } = {}) {
  const dockerfile = parseDockerfile(lines.join('\n'), 'Dockerfile')
  return { dockerfile, ...planStages(dockerfile, { buildArgs: new Map(Object.entries(args)), target, platformArgs, contexts: new Map() }) }
}

interface Given {
  base?: ImageConfig
  args?: Record<string, string>
  inherited?: ReadonlyMap<string, string>
}

function evaluate(lines: string[], { base = {}, args = {}, inherited = new Map() }: Given = {}) {
  const { dockerfile, stages, globalArgs } = plan(lines, { args })
  const buildArgs = new Map(Object.entries(args))
  return evaluateStage({
    source: dockerfile.source,
    backslash: '\\',
    stage: stages.at(-1)!,
    base,
    buildArgs,
    globalArgs,
    platformArgs,
    inherited,
    baseName: 'base',
  })
}

const runs = (steps: { work: Work }[]) => steps.flatMap(({ work }) => (work.kind === 'run' ? [work] : []))

describe('stages', () => {
  test('are built when they are needed, each behind what it needs', () => {
    const { order, stages } = plan(['FROM a AS one', 'FROM b AS unused', 'FROM one AS Two', 'FROM c', 'COPY --from=TWO /x /', 'RUN --mount=from=0,target=/m y'])
    expect(order).toEqual([0, 2, 3])
    expect(stages.map(({ base }) => base.kind)).toEqual(['image', 'image', 'stage', 'image'])
  })

  test('end with the target, by name or number', () => {
    const lines = ['FROM a AS one', 'FROM one AS two', 'FROM two']
    expect(plan(lines, { target: 'two' }).order).toEqual([0, 1])
    expect(plan(lines, { target: 'ONE' }).order).toEqual([0])
    expect(plan(lines, { target: '2' }).order).toEqual([0, 1, 2])
    expect(() => plan(lines, { target: 'x' })).toThrow('target stage "x" could not be found')
  })

  test('of the same name: the one before is meant', () => {
    expect(plan(['FROM a AS x', 'FROM x AS x', 'FROM x']).order).toEqual([0, 1, 2])
  })

  test('take arguments in front of the first FROM', () => {
    const { stages } = plan(['ARG TAG=1', 'ARG IMAGE=base:$TAG', 'FROM --platform=$BUILDPLATFORM ${IMAGE}-$TARGETARCH'], { args: { TAG: '2' } })
    expect(stages[0]).toMatchObject({ base: { kind: 'image', reference: 'base:2-arm64' }, platform: 'linux/amd64' })
  })

  test.each<[string[], string]>([
    [['FROM $X'], 'Dockerfile:1:6: base name ($X) should not be blank'],
    [['FROM a AS a', 'COPY --from=b / /', 'FROM a AS b'], 'Dockerfile:3:6: circular dependency detected on stage: a'],
    [['FROM a AS a', 'COPY --from=a / /'], 'Dockerfile:2:13: circular dependency detected on stage: a'],
    [['FROM a', 'COPY --from=7 / /'], 'invalid from flag value 7'],
    [['FROM a', 'COPY --from=$X / /'], 'variables are not expanded in --from: $X'],
  ])('%j', (lines, message) => {
    expect(() => plan([...lines, 'FROM scratch', 'COPY --from=0 / /'])).toThrow(message)
  })
})

describe('the configuration', () => {
  test('goes on from that of the base', () => {
    const base = { Env: ['PATH=/bin', 'A=1'], Labels: { x: 'y' }, Cmd: ['sh'], Entrypoint: ['e'], Volumes: { '/v': {} }, User: 'u' }
    const { config } = evaluate(
      ['FROM base', 'ENV A=2 B=$A', 'LABEL z=$B', 'VOLUME /w', 'EXPOSE 80-81', 'STOPSIGNAL SIGINT', 'HEALTHCHECK --retries=2 CMD a b'],
      { base },
    )
    expect(config).toEqual({
      ...base,
      // All values of an instruction are of the moment before it.
      Env: ['PATH=/bin', 'A=2', 'B=1'],
      Labels: { x: 'y', z: '1' },
      Volumes: { '/v': {}, '/w': {} },
      ExposedPorts: { '80/tcp': {}, '81/tcp': {} },
      StopSignal: 'SIGINT',
      Healthcheck: { Test: ['CMD-SHELL', 'a b'], Retries: 2 },
    })
  })

  test('ENTRYPOINT puts the command of the base aside, and not one of its own stage', () => {
    const base = { Cmd: ['sh'] }
    expect(evaluate(['FROM b', 'ENTRYPOINT ["a"]'], { base }).config).toEqual({ Entrypoint: ['a'] })
    expect(evaluate(['FROM b', 'CMD ["c"]', 'ENTRYPOINT a b'], { base }).config).toEqual({ Cmd: ['c'], Entrypoint: ['/bin/sh', '-c', 'a b'] })
  })

  test('WORKDIR adds up, and SHELL counts for what follows', () => {
    const { config, steps } = evaluate(['FROM b', 'WORKDIR a', 'WORKDIR ../b/./c', 'SHELL ["bash", "-ec"]', 'RUN x', 'CMD y'])
    expect(config).toMatchObject({ WorkingDir: '/b/c', Shell: ['bash', '-ec'], Cmd: ['bash', '-ec', 'y'] })
    expect(runs(steps)[0]).toMatchObject({ args: ['bash', '-ec', 'x'], workdir: '/b/c' })
  })

  test('triggers of the base come first, and are not handed on', () => {
    const { config, steps } = evaluate(['FROM b', 'RUN two', 'ONBUILD RUN three'], { base: { OnBuild: ['ENV T=1', 'RUN one $T'] } })
    expect(runs(steps).map(({ args }) => args[2])).toEqual(['one $T', 'two'])
    expect(config).toEqual({ Env: ['T=1'], OnBuild: ['RUN three'] })
  })
})

describe('arguments', () => {
  test('given, default, global, predefined, in that order', () => {
    const lines = [
      'ARG A=global',
      'ARG B=global',
      'FROM b',
      'ARG A',
      'ARG B=local',
      'ARG C=c D=$A E',
      'ARG TARGETARCH',
      'LABEL l=$A,$B,$C,$D,$E,$TARGETARCH,$BUILDPLATFORM',
    ]
    const { config, steps, usedArgs } = evaluate([...lines, 'RUN x'], { args: { C: 'given', HTTP_PROXY: 'p' } })
    // D is of the moment before its instruction, too.
    expect(config.Labels).toEqual({ l: 'global,local,given,global,,arm64,' })
    expect(usedArgs.has('C')).toBe(true)
    expect(runs(steps)[0]).toMatchObject({ env: ['A=global', 'B=local', 'C=given', 'D=global', 'TARGETARCH=arm64'], secretEnv: ['HTTP_PROXY=p'] })
    expect(steps.at(-1)!.createdBy).toBe('RUN |5 A=global B=local C=given D=global TARGETARCH=arm64 /bin/sh -c x # buildkit')
  })

  test('a variable of the image is stronger', () => {
    const { config, steps } = evaluate(['FROM b', 'ENV A=env', 'ARG A=arg', 'LABEL l=$A', 'RUN x'])
    expect(config.Labels).toEqual({ l: 'env' })
    expect(runs(steps)[0]!.env).toEqual(['A=env'])
  })

  test('those of the stage below go on', () => {
    const inherited = new Map([
      ['X', '1'],
      ['Y', '2'],
    ])
    const { steps, args } = evaluate(['FROM a', 'ARG Y=3', 'RUN x'], { inherited })
    expect(steps.at(-1)!.createdBy).toBe('RUN |2 X=1 Y=3 /bin/sh -c x # buildkit')
    expect([...args]).toEqual([
      ['X', '1'],
      ['Y', '3'],
    ])
    expect(inherited.get('Y')).toBe('2')
  })

  test('those of another stage are not seen', () => {
    expect(evaluate(['FROM a', 'ARG X=1', 'FROM b', 'LABEL l=$X']).config.Labels).toEqual({ l: '' })
  })
})

describe('COPY', () => {
  const copy = (...lines: string[]) => evaluate(['FROM b', 'WORKDIR /w', 'ENV X=x', ...lines]).steps.at(-1)!

  test('knows where it goes', () => {
    expect(copy('COPY a$X b ./d/').work).toMatchObject({ sources: ['ax', 'b'], destination: '/w/d', intoDirectory: true })
    expect(copy('COPY a /d').work).toMatchObject({ destination: '/d', intoDirectory: false })
    expect(copy('COPY a .').work).toMatchObject({ destination: '/w', intoDirectory: true })
    expect(copy('COPY --chown=$X:1 --chmod=0750 a /d').work).toMatchObject({ chown: 'x:1', mode: 0o750 })
  })

  test('expands here-documents, unless their mark is quoted', () => {
    expect(copy('COPY <<A <<"B" /d/', "$X '$X' \\$X", 'A', '$X', 'B').work).toMatchObject({
      sources: [
        { name: 'A', content: "x 'x' $X\n" },
        { name: 'B', content: '$X\n' },
      ],
    })
  })

  test.each([
    ['COPY --chmod=u+y a /d', "invalid chmod parameter: 'u+y'"],
    [`ADD --checksum=sha256:${'0'.repeat(64)} a /d`, "checksum can't be specified for non-HTTP(S) and non-Git sources"],
    ['RUN --mount=type=x,target=/ a', 'unsupported mount type "x"'],
    ['RUN --network=x a', 'unsupported network mode "x"'],
    ['RUN --security=insecure a', 'security mode "insecure" is not supported'],
    ['EXPOSE 99999', 'invalid containerPort: 99999'],
    ['ENV A=${B', "missing '}'"],
    ['STOPSIGNAL ;', 'Invalid signal: ;'],
  ])('%s is refused with its place', (line, message) => {
    expect(() => copy(line)).toThrow(message)
    expect(() => copy(line)).toThrow(/^Dockerfile:4:\d+: /)
  })
})

test('the history is told in the form of BuildKit', () => {
  const { steps } = evaluate([
    'FROM a',
    'ENV A=1 B="2 3"',
    'COPY --link --chown=1:2 --chmod=755 --from=other $A /x ./',
    'COPY <<EOT /y',
    'EOT',
    'ADD https://u:p@host/f /',
    'WORKDIR /w',
    'EXPOSE 80 53/udp',
    'VOLUME /v /w',
    'USER 7',
    'SHELL ["/bin/bash", "-c"]',
    'RUN make',
    'CMD ["a", "b c"]',
    'ENTRYPOINT run',
  ])
  expect(steps.map(({ createdBy }) => createdBy)).toEqual([
    'ENV A=1 B=2 3',
    'COPY --chown=1:2 --chmod=755 1 /x ./ # buildkit',
    'COPY <<EOT /y # buildkit',
    'ADD https://u:xxxxx@host/f / # buildkit',
    'WORKDIR /w',
    'EXPOSE map[53/udp:{} 80/tcp:{}]',
    'VOLUME [/v /w]',
    'USER 7',
    'SHELL [/bin/bash -c]',
    'RUN /bin/bash -c make # buildkit',
    'CMD ["a" "b c"]',
    'ENTRYPOINT ["/bin/bash" "-c" "run"]',
  ])
})
