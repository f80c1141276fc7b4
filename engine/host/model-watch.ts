// Notices models that come and go, whoever puts them there: the file manager, a run that saves one.
import type { ModelFolders } from '../library/model-folders.ts'

/** Looking is one stat a folder. The system's own watchers are limited in number and miss network drives. */
const lookEveryMs = 2000

/** What nobody has looked at has this version after the first look, whoever takes it. */
const firstVersion = 1

/**
 * Asks for nothing before its first tick: looking through large folders would keep a start waiting.
 * @param models the folders as they are now → stops looking
 */
export function watchModels(models: () => ModelFolders, changed: () => void): () => void {
  let seen = models()
  let version = firstVersion
  const timer = setInterval(() => {
    const now = models()
    // Other folders were chosen: that has been said.
    const before = now === seen ? version : firstVersion
    seen = now
    version = now.version()
    if (version !== before) changed()
  }, lookEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}
