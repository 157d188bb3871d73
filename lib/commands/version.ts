import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { compileTemplate } from '../cli/template.ts'
import { kernelRelease } from '../system/kernel.ts'
import { version as number } from '../system/version.ts'
import { printLines } from './print.ts'

const options = optionTable({
  format: { type: 'string', short: 'f', metavar: 'string', description: 'json, or a Go template: {{.Client.Version}}' },
  short: { type: 'boolean', hidden: true, description: 'One line' },
})

export const version = command({
  name: 'version',
  summary: 'Show the version',
  usage: '[OPTIONS]',
  options,
  positionals: { min: 0, max: 0 },
  async run({ options }) {
    const facts = versionFacts()
    if (options.short) printLines([`lichen version ${number}`])
    else if (options.format === undefined) printLines(text(facts))
    else printLines([options.format === 'json' ? JSON.stringify(facts) : compileTemplate(options.format)(facts)])
    return 0
  },
})

/** Docker's document; there is no daemon, so both halves describe this program. */
function versionFacts() {
  const machine = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch
  const half = { Version: number, Os: process.platform, Arch: machine, KernelVersion: kernelRelease(), OsArch: `${process.platform}/${machine}` }
  return {
    Client: { ...half, Platform: { Name: 'lichen' }, Context: 'default' },
    Server: { ...half, Platform: { Name: 'lichen (no daemon)' }, Engine: { Version: number } },
    // podman's name of the first half
    Version: number,
  }
}

function text({ Client }: ReturnType<typeof versionFacts>): string[] {
  const engine = process.versions['bun'] === undefined ? `Node ${process.versions.node}` : `Bun ${process.versions['bun']}`
  return [
    'lichen:',
    ` Version:      ${Client.Version}`,
    ` OS/Arch:      ${Client.OsArch}`,
    ` Kernel:       ${Client.KernelVersion}`,
    ` Runs on:      ${engine}`,
    ' Daemon:       none',
  ]
}
