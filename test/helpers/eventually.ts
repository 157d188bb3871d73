import { expect } from 'vitest'

/** Until it holds, however slow the machine is. */
export async function eventually(look: () => Promise<string>, wanted: RegExp): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const seen = await look()
    if (wanted.test(seen)) return
    if (attempt === 200) expect(seen).toMatch(wanted)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
