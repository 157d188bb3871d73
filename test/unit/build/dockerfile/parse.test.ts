// biome-ignore-all lint/suspicious/noTemplateCurlyInString: variables of the Dockerfile
import { describe, expect, test } from 'vitest'
import type { Instruction } from '../../../../lib/build/dockerfile/instruction.ts'
import { parseDockerfile, parseTrigger } from '../../../../lib/build/dockerfile/parse.ts'
import type { LichenError } from '../../../../lib/system/errors.ts'

const parse = (...lines: string[]) => parseDockerfile(lines.join('\n'), 'Dockerfile').instructions
type Of<N, I = Instruction> = I extends { name: infer M } ? (N extends M ? I : never) : never
const one = <N extends Instruction['name']>(_: N, ...lines: string[]) => parse('FROM scratch', ...lines)[1] as Of<N>
const texts = (words: { text?: string }[]) => words.map(({ text }) => text)

function refusal(...lines: string[]): LichenError {
  try {
    parseDockerfile(lines.join('\n'), 'Dockerfile')
  } catch (error) {
    return error as LichenError
  }
  throw new Error('it was accepted')
}

describe('lines', () => {
  test('are continued over comments and empty lines', () => {
    const run = one('RUN', 'RUN a \\', '# a comment', '', '   # another', '  && b \\  ', '&& c')
    expect(run.command).toEqual({ form: 'shell', text: 'a   && b && c' })
    expect([run.line, run.endLine]).toEqual([2, 7])
  })

  test('end with the file, with a backslash or without', () => {
    expect(one('RUN', 'RUN a \\').command).toEqual({ form: 'shell', text: 'a' })
  })

  // Found by fuzzing.
  test('may begin with nothing but a continuation', () => {
    const run = one('RUN', '\\', '  RUN a')
    expect([run.command, run.line, run.column]).toEqual([{ form: 'shell', text: 'a' }, 3, 3])
    expect(refusal('FROM scratch', '\\', '\\').message).toBe('Dockerfile:3:1: unknown instruction: ')
  })

  test('two backslashes continue nothing', () => {
    expect(parse('FROM scratch', 'RUN a \\\\', 'RUN b')).toHaveLength(3)
  })

  test('may end as on Windows, and begin with a byte order mark', () => {
    expect(parseDockerfile('\uFEFFFROM a\r\nRUN b \\\r\n  c\r\n', 'x').instructions.map(({ text }) => text)).toEqual(['FROM a', 'RUN b   c'])
  })

  test('may be indented, in any case', () => {
    expect(parse('  from scratch', '\tenv a=b').map(({ name }) => name)).toEqual(['FROM', 'ENV'])
  })
})

describe('directives', () => {
  const directives = (...lines: string[]) => parseDockerfile([...lines, 'FROM scratch', 'RUN a `', ' b'].join('\n'), 'Dockerfile')

  test('change the escape character', () => {
    const { directives: found, instructions } = directives('# syntax = docker/dockerfile:1', '#escape=`', '# check=skip=all')
    expect(found).toEqual({ syntax: 'docker/dockerfile:1', backslash: '`', check: 'skip=all' })
    expect(instructions[1]).toMatchObject({ command: { text: 'a  b' } })
  })

  test.each([[['# hello', '# escape=`']], [['', '# escape=`']], [['# unknown=x', '# escape=`']]])('after %j are comments', (lines) => {
    expect(() => directives(...lines)).toThrow('unknown instruction: b')
  })

  test('come once, and make sense', () => {
    expect(() => directives('# escape=`', '# escape=`')).toThrow('Dockerfile:2:1: only one escape parser directive can be used')
    expect(() => directives('# escape=x')).toThrow("invalid ESCAPE 'x' does not match ` or \\")
  })
})

describe('here-documents', () => {
  test('are a script where nothing else is said', () => {
    const run = one('RUN', 'RUN <<EOF', 'echo a', '  # not a comment \\', 'EOF')
    expect(run.script).toEqual({ name: 'EOF', content: 'echo a\n  # not a comment \\\n', expand: true, chomp: false })
    expect(run.endLine).toBe(5)
  })

  test('are left to the shell otherwise', () => {
    const run = one('RUN', "RUN python3 <<'A' > /x && cat <<-B", 'print(1)', 'A', '\tx', '\tB')
    expect(run.script).toBeUndefined()
    expect(run.command).toEqual({ form: 'shell', text: "python3 <<'A' > /x && cat <<-B\nprint(1)\nA\nx\nB" })
  })

  test.each<[string, string, boolean, boolean]>([
    ['<<EOF', 'EOF', true, false],
    ['<<-EOF', 'EOF', true, true],
    ['<<"EOF"', 'EOF', false, false],
    ["<<-'EOF'", 'EOF', false, true],
    ['<<E"O"F', 'EOF', false, false],
    ['<<a.txt', 'a.txt', true, false],
    ['<< EOF', 'EOF', true, false],
  ])('%s', (mark, name, expand, chomp) => {
    const copy = one('COPY', `COPY ${mark} /x`, '\tone', name, 'RUN two')
    expect(copy.sources).toEqual([{ name, expand, chomp, content: chomp ? 'one\n' : '\tone\n' }])
    expect(copy.destination.text).toBe('/x')
  })

  test('mix with files', () => {
    const copy = one('COPY', 'COPY --chmod=755 a <<one b <<two /dst/', '1', 'one', '2', 'two')
    expect(copy.sources.map((source) => ('content' in source ? source.content : source.text))).toEqual(['a', '1\n', 'b', '2\n'])
  })

  test.each([['RUN ["<<EOF"]'], ['RUN "<<EOF"'], ['RUN a<<EOF'], ['RUN cat <<<x'], ['ENV A=<<EOF'], ['RUN echo \\<<EOF'], ["RUN echo 'x <<EOF y'"]])(
    '%s is none',
    (line) => {
      expect(parse('FROM scratch', line, 'RUN x')).toHaveLength(3)
    },
  )

  test('need an end', () => {
    const error = refusal('FROM scratch', 'RUN cat <<EOF', 'a', 'EOF ')
    expect(error.message).toBe('Dockerfile:2:9: unterminated heredoc')
    expect(error.hint).toBe('2 | RUN cat <<EOF\n  |         ^^^^^\na line with nothing but EOF ends it')
  })

  test('belong to a trigger too', () => {
    const { trigger } = one('ONBUILD', 'ONBUILD RUN <<EOF', 'a', 'EOF')
    expect(trigger).toBe('RUN <<EOF\na\nEOF')
    expect(parseTrigger(trigger, 'x').instruction).toMatchObject({ name: 'RUN', script: { content: 'a\n' } })
  })
})

describe('instructions', () => {
  test('FROM', () => {
    expect(one('FROM', 'FROM --platform=$BUILDPLATFORM a:1 as Base')).toMatchObject({
      base: { text: 'a:1', line: 2, column: 32 },
      alias: 'base',
      platform: { text: '$BUILDPLATFORM' },
    })
  })

  test('ENV in both forms, and LABEL', () => {
    const pairs = (line: string) => one('ENV', line).pairs.map(({ key, value }) => [key.text, value.text])
    expect(pairs('ENV a=b c="d e" f=g\\ h')).toEqual([
      ['a', 'b'],
      ['c', '"d e"'],
      ['f', 'g\\ h'],
    ])
    expect(pairs('ENV a  b c=d  e')).toEqual([['a', 'b c=d  e']])
    expect(pairs('LABEL "a b"=c')).toEqual([['"a b"', 'c']])
  })

  test('ARG', () => {
    expect(one('ARG', 'ARG a b=c d="e f"').args.map(({ key, value }) => [key.text, value?.text])).toEqual([
      ['a', undefined],
      ['b', 'c'],
      ['d', '"e f"'],
    ])
  })

  test('commands as JSON or for a shell', () => {
    expect(one('CMD', 'CMD ["a", "b c"]').command).toEqual({ form: 'exec', words: ['a', 'b c'] })
    expect(one('CMD', "CMD ['a']").command).toEqual({ form: 'shell', text: "['a']" })
    expect(one('ENTRYPOINT', 'ENTRYPOINT a  "b"').command).toEqual({ form: 'shell', text: 'a  "b"' })
    expect(one('CMD', 'CMD []').command).toEqual({ form: 'exec', words: [] })
    expect(one('SHELL', 'SHELL ["/bin/bash", "-c"]').words).toEqual(['/bin/bash', '-c'])
  })

  test('RUN with flags', () => {
    const run = one('RUN', 'RUN --mount=type=cache,target=/c --mount=type=secret,id=s --network=none -- make --x')
    expect(texts(run.mounts)).toEqual(['type=cache,target=/c', 'type=secret,id=s'])
    expect(run.network?.text).toBe('none')
    expect(run.command).toEqual({ form: 'shell', text: 'make --x' })
  })

  test('COPY and ADD with flags', () => {
    const copy = one('COPY', 'COPY --from=build --chown=a:b --chmod=644 --link --parents --exclude=*.o --exclude=x a b /c/')
    expect(copy).toMatchObject({ from: { text: 'build' }, chown: { text: 'a:b' }, chmod: { text: '644' }, link: true, parents: true })
    expect([texts(copy.exclude), texts(copy.sources), copy.destination.text]).toEqual([['*.o', 'x'], ['a', 'b'], '/c/'])
    expect(texts(one('COPY', 'COPY ["a b", "/c d/"]').sources)).toEqual(['a b'])
    expect(one('ADD', 'ADD --checksum=sha256:x --keep-git-dir=true --unpack=false --link=false u /x')).toMatchObject({
      keepGitDir: true,
      unpack: false,
      link: false,
      checksum: { text: 'sha256:x' },
    })
  })

  test('HEALTHCHECK', () => {
    expect(one('HEALTHCHECK', 'HEALTHCHECK --interval=1m30s --timeout=1.5s --retries=3 --start-period=0 CMD ["a"]')).toMatchObject({
      command: { form: 'exec', words: ['a'] },
      interval: 90e9,
      timeout: 1.5e9,
      retries: 3,
      startPeriod: 0,
    })
    expect(one('HEALTHCHECK', 'HEALTHCHECK none').command).toBeUndefined()
  })

  test('those with words', () => {
    expect(texts(one('EXPOSE', 'EXPOSE 80 $P/udp').words)).toEqual(['80', '$P/udp'])
    expect(texts(one('VOLUME', 'VOLUME ["/a b"]').words)).toEqual(['/a b'])
    expect(texts(one('VOLUME', 'VOLUME /a /b').words)).toEqual(['/a', '/b'])
    expect(one('WORKDIR', 'WORKDIR /a b').value.text).toBe('/a b')
    expect(one('MAINTAINER', 'MAINTAINER A <a@b>').value.text).toBe('A <a@b>')
  })
})

describe('mistakes are shown where they are', () => {
  test('an unknown instruction, with the nearest', () => {
    const error = refusal('FROM scratch', '', '  COPPY a b')
    expect(error.message).toBe('Dockerfile:3:3: unknown instruction: COPPY')
    expect(error.hint).toBe('3 |   COPPY a b\n  |   ^^^^^\ndid you mean COPY?')
  })

  test('on a continued line', () => {
    const error = refusal('FROM scratch', 'ENV a=b \\', '  c=d \\', '\te')
    expect(error.message).toBe(`Dockerfile:4:2: can't find = in "e". Must be of the form: name=value`)
    expect(error.hint).toBe('4 |  e\n  |  ^')
  })

  test.each<[string, string]>([
    ['FROM a b', '2:1: FROM requires either one or three arguments'],
    ['FROM a AS 1b', '2:11: invalid name for build stage: "1b"'],
    ['FROM', '2:1: FROM requires at least one argument'],
    ['COPY a', '2:1: COPY requires at least two arguments'],
    ['COPY --form=x a b', '2:6: unknown flag: --form'],
    ['COPY --from a b', '2:6: missing a value on flag: --from'],
    ['COPY --from=a --from=b a b', '2:15: duplicate flag specified: --from'],
    ['COPY --link=x a b', '2:6: expecting boolean value for flag --link, not: x'],
    ['ENV a', '2:1: ENV must have two arguments'],
    ['ENV =b', '2:5: ENV names can not be blank'],
    ['ARG =b', '2:5: ARG names can not be blank'],
    ['SHELL bash -c', '2:1: SHELL requires the arguments to be in JSON form'],
    ['CMD ["a", 1]', '2:5: When using JSON array syntax, arrays must be comprised of strings only.'],
    ['ONBUILD ONBUILD RUN a', "2:9: Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"],
    ['ONBUILD FROM a', "2:9: FROM isn't allowed as an ONBUILD trigger"],
    ['ONBUILD COPPY a', '2:9: unknown instruction: COPPY'],
    ['HEALTHCHECK a', '2:13: Unknown type "a" in HEALTHCHECK (try CMD)'],
    ['HEALTHCHECK NONE x', '2:13: HEALTHCHECK NONE takes no arguments'],
    ['HEALTHCHECK --interval=1 CMD a', 'invalid duration "1"'],
    ['HEALTHCHECK --interval=1us CMD a', 'cannot be less than 1ms'],
    ['USER', '2:1: USER requires at least one argument'],
  ])('%s', (line, message) => {
    expect(refusal('FROM scratch', line).message).toContain(message)
  })

  test('files without a stage', () => {
    expect(refusal('', '# x').message).toContain('file with no instructions')
    expect(refusal('ARG a').message).toContain('no build stage in current context')
    expect(refusal('ARG a', 'RUN x', 'FROM y').message).toBe('Dockerfile:2:1: no build stage in current context')
  })
})
