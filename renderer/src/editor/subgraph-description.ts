// A subgraph seen from outside is a node like any other: its ports take their widgets from the
// inputs that they feed inside.
import type {
  Catalogue,
  InputDescription,
  NodeDescription,
} from '../../../engine/graph/catalogue.ts'
import { type Document, type Subgraph, subgraphInputId } from '../../../engine/graph/document.ts'

const mostNested = 12

function portInput(
  document: Document,
  catalogue: Catalogue,
  subgraph: Subgraph,
  slot: number,
  depth: number,
): InputDescription {
  const port = subgraph.inputs[slot]!
  const fed = Object.values(subgraph.links).find(
    link => link.from === subgraphInputId && link.fromSlot === slot,
  )
  const inner = fed && subgraph.nodes[fed.to]
  const name = fed && inner?.inputs[fed.toSlot]?.name
  const widget =
    inner &&
    describeType(document, catalogue, inner.type, depth + 1)?.inputs.find(
      input => input.name === name,
    )?.widget
  return { name: port.name, type: port.type, optional: true, widget }
}

/** The description of a class type or of a subgraph of this document; undefined: nobody knows it. */
export function describeType(
  document: Document,
  catalogue: Catalogue,
  type: string,
  depth = 0,
): NodeDescription | undefined {
  const known = catalogue[type]
  if (known) return known
  const subgraph = document.subgraphs[type]
  if (!subgraph || depth > mostNested) return undefined
  return {
    type,
    title: subgraph.name,
    category: 'subgraph',
    about: `A subgraph of ${Object.keys(subgraph.nodes).length} nodes. Open it to see inside.`,
    inputs: subgraph.inputs.map((_port, slot) =>
      portInput(document, catalogue, subgraph, slot, depth),
    ),
    outputs: subgraph.outputs.map(({ name, type }) => ({ name, type })),
    hidden: {},
    outputNode: false,
  }
}

/** Descriptions by type for one document, each made once: cards compare them by identity. */
export function describer(document: Document, catalogue: Catalogue) {
  const made = new Map<string, NodeDescription | undefined>()
  return (type: string): NodeDescription | undefined => {
    if (!made.has(type)) made.set(type, describeType(document, catalogue, type))
    return made.get(type)
  }
}
