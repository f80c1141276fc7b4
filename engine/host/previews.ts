// Previews live in memory, the newest a node, under a URL of their own.
import type { Preview } from '../nodes/define.ts'

const nodesKept = 64
const bytesKept = 64 * 2 ** 20

export interface Previews {
  /** URL of what was just put in; it changes with every preview. */
  put(run: string, node: string, preview: Preview): string
  get(run: string, node: string): Preview | undefined
}

export function createPreviews(): Previews {
  const kept = new Map<string, Preview>()
  let version = 0
  let bytes = 0
  const key = (run: string, node: string) => `${run}/${node}`
  const drop = (name: string) => {
    bytes -= kept.get(name)?.bytes.byteLength ?? 0
    kept.delete(name)
  }
  return {
    put(run, node, preview) {
      drop(key(run, node))
      kept.set(key(run, node), preview)
      bytes += preview.bytes.byteLength
      for (const oldest of kept.keys()) {
        if (kept.size <= nodesKept && bytes <= bytesKept) break
        drop(oldest)
      }
      return `/previews/${encodeURIComponent(run)}/${encodeURIComponent(node)}?v=${++version}`
    },
    get: (run, node) => kept.get(key(run, node)),
  }
}
