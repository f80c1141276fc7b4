// Where the inside of a subgraph appears in the flat prompt: what runs there is named by path.

import { type Canvas, rootCanvas } from './canvas.ts'
import { type Document, type Graph, subgraphOf } from './document.ts'

/** More uses than anybody looks at; subgraphs within each other multiply. */
const maxPrefixes = 64
const maxNesting = 12

const root: readonly string[] = ['']
const known = new WeakMap<Document, Map<Canvas, readonly string[]>>()

/**
 * What stands before a node's id on this canvas, once for each use: `''` on the root, `57:` and
 * `60:44:` inside. Made once for each document.
 */
export function instancePrefixes(document: Document, at: Canvas): readonly string[] {
  if (at === rootCanvas) return root
  let canvases = known.get(document)
  if (!canvases) known.set(document, (canvases = new Map()))
  let prefixes = canvases.get(at)
  if (!prefixes) {
    const found: string[] = []
    collect(document, document, at, '', found, 0)
    canvases.set(at, (prefixes = found))
  }
  return prefixes
}

function collect(
  document: Document,
  graph: Graph,
  wanted: Canvas,
  prefix: string,
  found: string[],
  depth: number,
): void {
  if (depth > maxNesting) return
  for (const node of Object.values(graph.nodes)) {
    if (found.length >= maxPrefixes) return
    const subgraph = subgraphOf(document, node.type)
    if (!subgraph) continue
    const inside = `${prefix}${node.id}:`
    if (subgraph.id === wanted) found.push(inside)
    else collect(document, subgraph, wanted, inside, found, depth + 1)
  }
}
