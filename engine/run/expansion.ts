// A node may answer with a graph instead of values: it builds an Expansion, answers with links into
// it, and the executor runs what those links need before anything that waits for the node.
import type { NodeId } from '../graph/document.ts'
import type { PromptLink } from '../graph/prompt.ts'

/** Refers to an output of a node in the same expansion. */
export class ExpansionLink {
  readonly id: string
  readonly slot: number
  constructor(id: string, slot: number) {
    this.id = id
    this.slot = slot
  }
}

export interface ExpansionNode {
  type: string
  /** Links within the expansion, `[id, slot]` links to the graph around it, or any value at all. */
  inputs: Record<string, unknown>
  /** The node it is shown as; the expanding one when absent. */
  display?: NodeId
}

/** `const graph = new Expansion(); const mask = graph.add('SolidMask', { value: 1 })` */
export class Expansion {
  readonly nodes = new Map<string, ExpansionNode>()

  /** Adds a node, by default under the next number. The same graph must get the same ids each run. */
  add(
    type: string,
    inputs: Record<string, unknown> = {},
    { id = String(this.nodes.size + 1), display }: { id?: string; display?: NodeId } = {},
  ): { inputs: Record<string, unknown>; output(slot: number): never } {
    if (this.nodes.has(id)) throw new Error(`The expansion has two nodes with the id ${id}.`)
    const node: ExpansionNode = { type, inputs, display }
    this.nodes.set(id, node)
    return { inputs, output: slot => new ExpansionLink(id, slot) as never }
  }
}

/** The id that an expansion's node has in the running graph, ComfyUI's `parent.call.graph.id`. */
export const expandedId = (parent: NodeId, call: number, id: string): NodeId =>
  `${parent}.${call}.0.${id}`

/** Links into the expansion become links of the running graph; everything else stays. */
export const placed = (value: unknown, parent: NodeId, call: number): unknown =>
  value instanceof ExpansionLink
    ? ([expandedId(parent, call, value.id), value.slot] satisfies PromptLink)
    : value
