// A cached output node names files that it wrote in an earlier run. If one has been deleted since,
// the result no longer holds and the node runs again.
import { isObject } from '../graph/json.ts'
import type { Shown } from '../nodes/define.ts'
import type { Files } from '../nodes/files.ts'

export const filesAreThere = (shown: Shown, files: Files): boolean =>
  Object.values(shown)
    .flat()
    .every(item => {
      if (!isObject(item) || typeof item.filename !== 'string' || !item.type) return true
      const name = item.subfolder ? `${item.subfolder}/${item.filename}` : item.filename
      try {
        files.resolve(`${name} [${item.type}]`)
        return true
      } catch {
        return false
      }
    })
