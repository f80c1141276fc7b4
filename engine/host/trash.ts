// Removed pictures wait in the data folder's trash; `restore` puts them back where they were.
import { existsSync, rmSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Output } from '../api/contract.ts'
import { inside } from '../files/paths.ts'
import { pathOf } from '../nodes/files.ts'
import type { Store } from '../store/store.ts'
import { moveFile } from './assets.ts'
import type { Folders } from './folders.ts'

export interface Trash {
  /** Ids that are now out of the gallery. */
  remove(ids: number[]): Promise<number[]>
  /** The outputs that are back. */
  restore(ids: number[]): Promise<Output[]>
  /** Deletes for good what was removed longer ago than `keptMs`; the gallery is never touched. */
  expire(nowMs?: number): number
}

const keptMs = 30 * 24 * 3600 * 1000

export function createTrash(store: Store, folders: Folders): Trash {
  // The id makes the name unique and tells the file's owner apart.
  const trashName = (output: Output) => `${output.id}-${basename(output.filename)}`

  return {
    async remove(ids) {
      const removed: number[] = []
      for (const id of ids) {
        const output = store.outputs.find(id)
        if (!output || store.outputs.isRemoved(id)) continue
        const path = pathOf(output)
        const file = inside(folders.output, path)
        // A row that shares its file with another only leaves the gallery.
        if (file && existsSync(file) && store.outputs.sharing(output) === 0) {
          await moveFile(file, join(folders.trash, trashName(output)))
          store.assets.move(
            output.hash,
            { folder: 'output', path },
            { folder: 'trash', path: trashName(output) },
          )
        }
        store.outputs.remove(id, Date.now())
        removed.push(id)
      }
      return removed
    },
    async restore(ids) {
      const restored: Output[] = []
      for (const id of ids) {
        const output = store.outputs.find(id)
        if (!output || !store.outputs.isRemoved(id)) continue
        const path = pathOf(output)
        const file = inside(folders.output, path)
        const trashed = join(folders.trash, trashName(output))
        if (file && existsSync(trashed) && !existsSync(file)) {
          await mkdir(dirname(file), { recursive: true })
          await moveFile(trashed, file)
          store.assets.move(
            output.hash,
            { folder: 'trash', path: trashName(output) },
            { folder: 'output', path },
          )
        }
        store.outputs.restore(id)
        restored.push(output)
      }
      return restored
    },
    expire(nowMs = Date.now()) {
      const old = store.outputs.removedBefore(nowMs - keptMs)
      for (const output of old) {
        rmSync(join(folders.trash, trashName(output)), { force: true })
        store.transaction(() => {
          store.assets.forget({ folder: 'trash', path: trashName(output) })
          store.outputs.forget(output.id)
        })
      }
      return old.length
    },
  }
}
