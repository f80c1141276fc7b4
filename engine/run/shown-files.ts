// A cached output node names files that it wrote in an earlier run. If one has been deleted since,
// the result no longer holds and the node runs again.
import { isObject } from '../graph/json.ts'
import type { Shown } from '../nodes/define.ts'
import { type FileReference, type Files, pathOf } from '../nodes/files.ts'

export const filesAreThere = (shown: Shown, files: Files): boolean =>
  Object.values(shown)
    .flat()
    .every(item => {
      if (!isReference(item)) return true
      try {
        files.resolve(`${pathOf(item)} [${item.type}]`)
        return true
      } catch {
        return false
      }
    })

const isReference = (item: unknown): item is FileReference =>
  isObject(item) && typeof item.filename === 'string' && Boolean(item.type)
