import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { findVerb } from '../../../lib/cli/find-verb.ts'
import { optionTable } from '../../../lib/cli/options.ts'
import { checkPositionals, parseArgs } from '../../../lib/cli/parse.ts'
import { version } from '../../../lib/system/version.ts'

const table = optionTable({
  all: { type: 'boolean', short: 'a', description: '' },
  rm: { type: 'boolean', description: '' },
  proxy: { type: 'boolean', default: true, description: '' },
  name: { type: 'string', short: 'n', description: '' },
  network: { type: 'string', aliases: ['net'], description: '' },
  publish: { type: 'list', short: 'p', description: '' },
  last: { type: 'number', short: 'l', description: '' },
})
const parse = (words: string[], stopAtFirst = false) => parseArgs(words, table, { min: 0, max: Infinity, stopAtFirst }, 'lichen run')

describe('the parser', () => {
  it.each<[string[], Record<string, unknown>, string[]]>([
    [['--name', 'x', 'y'], { name: 'x' }, ['y']],
    [['--name=x=y'], { name: 'x=y' }, []],
    [['--name='], { name: '' }, []],
    [['-p8080:80', '-p', '81:81', '--publish=82:82'], { publish: ['8080:80', '81:81', '82:82'] }, []],
    [['-an', 'x'], { all: true, name: 'x' }, []],
    [['-anx'], { all: true, name: 'x' }, []],
    [['-n=x'], { name: 'x' }, []],
    [['-a=false', '--rm=true', '--proxy=false'], { all: false, rm: true, proxy: false }, []],
    [['--net', 'host'], { network: 'host' }, []],
    [['--', '-a', '--rm'], { all: false, rm: false }, ['-a', '--rm']],
    [['x', '-a', 'y'], { all: true }, ['x', 'y']],
    [['-l', '-1'], { last: -1 }, []],
    [['-', '-a'], { all: true }, ['-']],
    [[], { proxy: true, publish: [], all: false, name: undefined }, []],
  ])('reads %j', (words, options, positionals) => {
    const parsed = parse(words)
    expect(parsed.options).toMatchObject(options)
    expect(parsed.positionals).toEqual(positionals)
  })

  it('leaves flags behind the first word to the command', () => {
    expect(parse(['-a', 'image', '-x', '--rm', '--'], true)).toMatchObject({ options: { all: true, rm: false }, positionals: ['image', '-x', '--rm', '--'] })
  })

  it.each<[string[], string]>([
    [['--foo'], 'unknown flag: --foo'],
    [['-xyz'], "unknown shorthand flag: 'x' in -xyz"],
    [['-axz'], "unknown shorthand flag: 'x' in -axz"],
    [['--name'], 'flag needs an argument: --name'],
    [['-n'], "flag needs an argument: 'n' in -n"],
    [['--rm=maybe'], 'invalid argument "maybe" for "--rm" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
    [['-l', 'x'], 'invalid argument "x" for "-l, --last" flag: strconv.ParseInt: parsing "x": invalid syntax'],
  ])("refuses %j in Docker's words", (words, message) =>
    expect(() => parse(words)).toThrow(expect.objectContaining({ message, exitCode: 125, hint: "See 'lichen run --help'." })),
  )

  it.each<[number, number, number, string]>([
    [0, 1, Infinity, '"lichen run" requires at least 1 argument.'],
    [1, 0, 0, '"lichen run" accepts no arguments.'],
    [1, 2, 2, '"lichen run" requires exactly 2 arguments.'],
    [3, 1, 2, '"lichen run" requires at least 1 and at most 2 arguments.'],
  ])('counts %i words against %i..%i', (count, min, max, message) => {
    expect(() => checkPositionals(Array(count).fill('x'), { min, max }, 'lichen run', 125)).toThrow(message)
  })
  it("says what Docker's verb takes, where more is understood here", () => {
    expect(() => checkPositionals(['x'], { min: 2, max: Infinity, exactly: 2 }, 'lichen tag', 1)).toThrow('"lichen tag" requires exactly 2 arguments.')
  })
})

describe('verbs', () => {
  const groups = { container: { ls: ['ps'], inspect: ['inspect', '--type=container'] } }
  const find = (...words: string[]) => findVerb(words, ['run', 'ps', 'rm', 'inspect'], groups)
  it('finds them, alone and in groups', () => {
    expect(find('run', '-d')).toEqual({ name: 'run', words: 'lichen run', rest: ['-d'] })
    expect(find('container', 'inspect', 'x')).toEqual({ name: 'inspect', words: 'lichen container inspect', rest: ['--type=container', 'x'] })
  })
  it('takes a flag behind a group for one', () =>
    expect(() => find('container', '--nope')).toThrow(expect.objectContaining({ message: 'unknown flag: --nope', exitCode: 125 })))
  it('names the nearest', () =>
    expect(() => find('rnu')).toThrow(expect.objectContaining({ message: "lichen: 'rnu' is not a lichen command.", hint: "did you mean 'lichen run'?" })))
  it('does not take names of the prototype for verbs', () => expect(() => find('constructor')).toThrow('is not a lichen command'))
})

it('says the version of package.json', () => expect(JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')).version).toBe(version))
