import { command } from '../cli/command.ts'
import { optionTable } from '../cli/options.ts'
import { checkHealth } from '../engine/health.ts'
import { openContext } from '../system/open-context.ts'
import { printLines } from './print.ts'
import { oneTarget } from './targets.ts'

export const healthcheckRun = command({
  name: 'healthcheck run',
  summary: "Check a container's health now",
  usage: 'CONTAINER',
  options: optionTable({ latest: { type: 'boolean', short: 'l', description: 'Of the container created last' } }),
  positionals: { min: 0, max: 1, exactly: 1, complete: 'container' },
  async run({ options, positionals }, globals) {
    const context = await openContext(globals)
    const passed = await checkHealth(await oneTarget(context, 'healthcheck run', positionals[0], options.latest))
    if (passed) return 0
    printLines(['unhealthy'])
    return 1
  },
})
