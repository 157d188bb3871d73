import { createInterface } from 'node:readline/promises'

/** Asks on the terminal, as Docker's prune commands; false without a clear yes, and where nobody can answer. */
export async function confirm(question: string, streams: { input: NodeJS.ReadableStream; output: NodeJS.WritableStream }): Promise<boolean> {
  const lines = createInterface(streams)
  try {
    const answer = await Promise.race([lines.question(`${question} [y/N] `), new Promise<string>((resolve) => lines.once('close', () => resolve('')))])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    lines.close()
  }
}
