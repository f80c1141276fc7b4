// What a killed program leaves behind: uploads and pictures that never got their final name.
import { readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** `.upload-<uuid>` of a host, `.name.png.<pid>.part` of an engine. */
const unfinishedPattern = /^\.(upload-[0-9a-f-]{36}|.+\.\d+\.part)$/
/** Another program may be writing into the same folder at this moment. */
const oldMs = 3600 * 1000
const depthLimit = 4
const entriesLimit = 50_000

/** Clears them out of a folder and its subfolders. @returns how many there were */
export function clearLeftovers(folder: string, nowMs = Date.now()): number {
  let cleared = 0
  let seen = 0
  const visit = (at: string, depth: number) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      if (++seen > entriesLimit) return
      const path = join(at, entry.name)
      if (entry.isDirectory()) {
        if (depth < depthLimit) visit(path, depth + 1)
      } else if (entry.isFile() && unfinishedPattern.test(entry.name)) {
        const facts = statSync(path, { throwIfNoEntry: false })
        if (!facts || nowMs - facts.mtimeMs < oldMs) continue
        rmSync(path, { force: true })
        cleared++
      }
    }
  }
  try {
    visit(folder, 0)
  } catch {
    // A folder that may not be read or changed keeps what it has: no reason not to start.
  }
  return cleared
}
