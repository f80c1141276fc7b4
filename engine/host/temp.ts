// Preview pictures of past days: nothing refers to them but a history that is no longer looked at.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const keptMs = 24 * 3600 * 1000

/** Clears old files out of the temp folder at the start. */
export function trimTemp(folder: string, nowMs = Date.now()): void {
  for (const name of namesIn(folder)) {
    const path = join(folder, name)
    try {
      const facts = statSync(path, { throwIfNoEntry: false })
      if (facts && nowMs - facts.mtimeMs > keptMs) rmSync(path, { recursive: true, force: true })
    } catch {
      // Held open by another program, or not ours to delete: no reason not to start.
    }
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
