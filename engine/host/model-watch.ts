// Notices models that come and go, whoever puts them there: the file manager, a run that saves one.
import type { ModelFolders } from '../library/model-folders.ts'

/** Looking is one stat a folder. The system's own watchers are limited in number and miss network drives. */
const lookEveryMs = 2000

/** @param models the folders as they are now → stops looking */
export function watchModels(models: () => ModelFolders, changed: () => void): () => void {
  let seen = models()
  let version = seen.version()
  const timer = setInterval(() => {
    const now = models()
    const before = now === seen ? version : undefined
    seen = now
    version = now.version()
    // Other folders were chosen: that has been said.
    if (before !== undefined && version !== before) changed()
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}
