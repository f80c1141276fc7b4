// PrimitiveNode stands for the widget that it is connected to: it takes over kind, value and type.
import { type Catalogue, descriptionOf, hasControl, type InputDescription } from './catalogue.ts'
import type { Document, Graph, GraphNode, NodeId } from './document.ts'
import { subgraphOf } from './document.ts'
import { sameJson } from './json.ts'
import { widgetBehind } from './new-node.ts'

/** The name under which a primitive holds its value. */
export const primitiveValue = 'value'

const maxNesting = 12

/** The input with a widget that a socket stands for, through the ports of subgraphs. */
function widgetInput(
  document: Document,
  node: GraphNode,
  widget: string,
  catalogue: Catalogue,
  depth = 0,
): InputDescription | undefined {
  const subgraph = subgraphOf(document, node.type)
  if (!subgraph)
    return descriptionOf(catalogue, node.type)?.inputs.find(input => input.name === widget)
  const port = subgraph.inputs.findIndex(({ name }) => name === widget)
  const behind = port === -1 || depth > maxNesting ? undefined : widgetBehind(subgraph, port)
  return behind && widgetInput(document, behind.node, behind.widget, catalogue, depth + 1)
}

export interface Primitive {
  input: InputDescription
  /** The node that it feeds first, and its widget. */
  target: GraphNode
  widget: string
}

/** What a primitive stands for; nothing while it is not connected to a widget. */
export function primitiveOf(
  document: Document,
  graph: Graph,
  id: NodeId,
  catalogue: Catalogue,
): Primitive | undefined {
  for (const link of Object.values(graph.links)) {
    if (link.from !== id) continue
    const target = graph.nodes[link.to]
    const widget = target?.inputs[link.toSlot]?.widget
    if (!target || widget === undefined) continue
    const input = widgetInput(document, target, widget, catalogue)
    if (input?.widget) return { input, target, widget }
  }
  return undefined
}

/** A primitive with the value, the control and the output of what it stands for, where it has none. */
export function filledPrimitive(node: GraphNode, { input, target, widget }: Primitive): GraphNode {
  const [output] = node.outputs
  const slot = {
    ...output,
    name: input.type,
    type: input.type,
    rest: { ...output?.rest, widget: { name: widget } },
  }
  const held = Object.keys(node.values).length > 0
  if (held && output?.type !== '*') return node
  if (held && output && sameJson(slot as never, output as never)) return node
  return {
    ...node,
    outputs: [slot],
    values: held
      ? node.values
      : { [primitiveValue]: target.values[widget] ?? input.widget!.default },
    ...(hasControl(input) &&
      !node.controls && { controls: { [primitiveValue]: 'randomize' as const } }),
  }
}
