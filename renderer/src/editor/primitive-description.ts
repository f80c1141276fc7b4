// A node's description, where the type alone does not tell: a primitive shows the widget of what it
// is connected to.
import type {
  Catalogue,
  InputDescription,
  NodeDescription,
} from '../../../engine/graph/catalogue.ts'
import type { Document, Graph, GraphNode } from '../../../engine/graph/document.ts'
import { primitiveOf, primitiveValue } from '../../../engine/graph/primitive.ts'
import { primitiveType } from '../../../engine/graph/virtual-nodes.ts'

/** One description for each input stood for: cards compare them by identity. */
const made = new WeakMap<InputDescription, NodeDescription>()

function standingFor(input: InputDescription, plain: NodeDescription): NodeDescription {
  const known = made.get(input)
  if (known) return known
  const { type, widget, about } = input
  const description: NodeDescription = {
    ...plain,
    inputs: [{ name: primitiveValue, type, optional: true, widget, about }],
    outputs: [{ name: type, type }],
  }
  made.set(input, description)
  return description
}

export function nodeDescriber(
  document: Document,
  graph: Graph,
  catalogue: Catalogue,
  describe: (type: string) => NodeDescription | undefined,
) {
  return (node: GraphNode): NodeDescription | undefined => {
    const plain = describe(node.type)
    if (node.type !== primitiveType || !plain) return plain
    const primitive = primitiveOf(document, graph, node.id, catalogue)
    return primitive ? standingFor(primitive.input, plain) : plain
  }
}
