import { sha256 } from './digest.ts'

/** Of each layer with all those below it (OCI image specification, "Layer ChainID"); bottom first. */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) chains.push(chains.length === 0 ? diffId : sha256(`${chains.at(-1)} ${diffId}`))
  return chains
}
