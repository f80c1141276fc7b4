// Which links end where on a canvas, as slots in ComfyUI's files name them.
import { list } from './comfy-form.ts'
import type { Graph, LinkId, NodeId } from './document.ts'
import type { Json } from './json.ts'

export interface Wires {
  /** The link into an input. */
  into(node: NodeId, slot: number): LinkId | undefined
  /** All links into a place: a subgraph's output may have several in broken files. */
  allInto(node: NodeId, slot: number): LinkId[]
  /** Links out of an output, ascending. */
  outOf(node: NodeId, slot: number): LinkId[]
  /** Whether the id is a link, or one the file named that never was. */
  known(id: LinkId): boolean
  live(id: LinkId): boolean
}

/** Looks links up by their ends. `dangling` are ids the file names though it has no such link. */
export function wiresOf(graph: Graph, dangling?: Json): Wires {
  const into = new Map<string, LinkId[]>()
  const outOf = new Map<string, LinkId[]>()
  const add = (map: Map<string, LinkId[]>, key: string, id: LinkId): void => {
    const ids = map.get(key)
    if (ids) ids.push(id)
    else map.set(key, [id])
  }
  for (const link of Object.values(graph.links)) {
    add(into, `${link.to}:${link.toSlot}`, link.id)
    add(outOf, `${link.from}:${link.fromSlot}`, link.id)
  }
  const ghosts = new Set(list(dangling))
  const live = (id: LinkId): boolean => graph.links[id] !== undefined
  return {
    into: (node, slot) => into.get(`${node}:${slot}`)?.[0],
    allInto: (node, slot) => into.get(`${node}:${slot}`) ?? [],
    outOf: (node, slot) => outOf.get(`${node}:${slot}`) ?? [],
    known: id => live(id) || ghosts.has(id),
    live,
  }
}
