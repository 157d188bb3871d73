import { binarySize, humanSize } from './humanise.ts'

export const statsTable = '{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}'

export const statsHeads = {
  Container: 'CONTAINER', ID: 'CONTAINER ID', Name: 'NAME', CPUPerc: 'CPU %', MemUsage: 'MEM USAGE / LIMIT', MemPerc: 'MEM %', NetIO: 'NET I/O',
  BlockIO: 'BLOCK I/O', PIDs: 'PIDS',
} // biome-ignore format: pairs

/** What is shown of a container; percents of one processor, and of the limit. */
export interface Figures {
  cpuPercent: number
  memory: number
  memoryLimit: number
  received: number
  sent: number
  blockRead: number
  blockWritten: number
  pids: number
}

/** Docker's fields; without figures Docker's dashes. `container` is what the user called it. */
export function statsRow(names: { id: string; name: string; container: string }, figures: Figures | undefined) {
  const { id, name, container } = names
  if (figures === undefined) {
    return { BlockIO: '--', CPUPerc: '--', Container: container, ID: id, MemPerc: '--', MemUsage: '-- / --', Name: name, NetIO: '--', PIDs: '--' }
  }
  const { cpuPercent, memory, memoryLimit, received, sent, blockRead, blockWritten, pids } = figures
  return {
    BlockIO: `${humanSize(blockRead)} / ${humanSize(blockWritten)}`,
    CPUPerc: `${cpuPercent.toFixed(2)}%`,
    Container: container,
    ID: id,
    MemPerc: `${(memoryLimit === 0 ? 0 : (100 * memory) / memoryLimit).toFixed(2)}%`,
    MemUsage: `${binarySize(memory)} / ${binarySize(memoryLimit)}`,
    Name: name,
    NetIO: `${humanSize(received)} / ${humanSize(sent)}`,
    PIDs: String(pids),
  }
}
