// Files that survive a power cut: whole under their name, or not there at all.
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Writes beside the path first: `host/leftovers.ts` knows what a power cut leaves of that. */
export async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const partial = join(dirname(path), `.upload-${crypto.randomUUID()}`)
  try {
    const file = await open(partial, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** A new name is on the disk only once its folder is. Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
