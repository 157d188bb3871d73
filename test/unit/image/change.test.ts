import { expect, test } from 'vitest'
import { applyChange } from '../../../lib/image/change.ts'
import { changeWords } from '../../../lib/image/change-words.ts'
import type { ImageConfig } from '../../../lib/image/manifest.ts'

const change = (...changes: string[]) => changes.reduce<ImageConfig>(applyChange, {})

test('instructions change the configuration as in a Dockerfile', () => {
  const config = change(
    'CMD ["sh", "-c", "echo hi"]',
    'entrypoint /bin/app --flag',
    'ENV A=1 B="two words" C=a\\ b',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the Dockerfile
    'ENV A $B and $D${E:-none}',
    'EXPOSE 80 53/udp 8000-8002/tcp',
    'LABEL org.example=x "quoted key"="v w"',
    'ONBUILD RUN make',
    'USER app:app',
    'VOLUME ["/data", "/log"]',
    'VOLUME /more /mount',
    'WORKDIR /srv',
    'WORKDIR app',
    'STOPSIGNAL SIGQUIT',
    'HEALTHCHECK --interval=1m30s --retries=3 CMD curl -f localhost',
  )
  expect(config).toEqual({
    Cmd: ['sh', '-c', 'echo hi'],
    Entrypoint: ['/bin/sh', '-c', '/bin/app --flag'],
    Env: ['A=two words and none', 'B=two words', 'C=a b'],
    ExposedPorts: { '80/tcp': {}, '53/udp': {}, '8000/tcp': {}, '8001/tcp': {}, '8002/tcp': {} },
    Labels: { 'org.example': 'x', 'quoted key': 'v w' },
    OnBuild: ['RUN make'],
    User: 'app:app',
    Volumes: { '/data': {}, '/log': {}, '/more': {}, '/mount': {} },
    WorkingDir: '/srv/app',
    StopSignal: 'SIGQUIT',
    Healthcheck: { Test: ['CMD-SHELL', 'curl -f localhost'], Interval: 90_000_000_000, Retries: 3 },
  })
})

test("podman's way to write them, with an equals sign", () => {
  expect(change('CMD=/bin/bash', 'ENV=A=b', 'HEALTHCHECK NONE')).toEqual({ Cmd: ['/bin/sh', '-c', '/bin/bash'], Env: ['A=b'], Healthcheck: { Test: ['NONE'] } })
})

test('what is no instruction, or says nothing, is refused', () => {
  for (const text of [
    'RUN make',
    '',
    'CMD',
    'ENV A',
    'ENV =x',
    'EXPOSE http',
    'EXPOSE 99999',
    'LABEL "a=b',
    'HEALTHCHECK curl',
    'HEALTHCHECK --interval=5 CMD x',
  ]) {
    expect(() => change(text), text).toThrow(expect.objectContaining({ code: 'BAD_CHANGE' }))
  }
})

test('words: quotes, backslashes and variables', () => {
  const env = ['HOME=/root', 'EMPTY=']
  const cases: [string, string[]][] = [
    [`a 'b $HOME' "c $HOME"`, ['a', 'b $HOME', 'c /root']],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
    ['${HOME}/x $NONE! ${EMPTY:-y} ${HOME:+z} ${NONE:+z}', ['/root/x', '!', 'y', 'z', '']],
    [`"a\\"b" 'c\\d' e\\$HOME "f\\g"`, ['a"b', 'c\\d', 'e$HOME', 'f\\g']],
    ['$ a$', ['$', 'a$']],
    [`''`, ['']],
  ]
  for (const [text, words] of cases) expect(changeWords(text, env)).toEqual(words)
})
