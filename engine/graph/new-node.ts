// A node as its type begins: slots, default values, controls of seeds, size.
import {
  type Catalogue,
  descriptionOf,
  hasControl,
  hasWidget,
  type InputDescription,
  type NodeDescription,
} from './catalogue.ts'
import {
  type Document,
  type GraphNode,
  type InputSlot,
  type NodeId,
  type OutputSlot,
  type SeedControl,
  type Subgraph,
  subgraphInputId,
  subgraphOf,
} from './document.ts'
import { activeInputs, grownSockets } from './dynamic-inputs.ts'
import type { Json } from './json.ts'

/** A node of a type of the catalogue, or one that stands for a subgraph. Unknown types stay bare. */
export function newNode(
  type: string,
  id: NodeId,
  at: { x: number; y: number },
  document: Document,
  catalogue: Catalogue,
): GraphNode {
  const base = { id, type, x: at.x, y: at.y, width: 210, height: 100, mode: 'always' as const }
  const subgraph = subgraphOf(document, type)
  if (subgraph) return { ...base, ...subgraphSlots(subgraph), values: {} }
  const description = descriptionOf(catalogue, type)
  if (!description) return { ...base, inputs: [], outputs: [], values: {} }
  const controls = defaultControls(description)
  return {
    ...base,
    ...nodeSize(description),
    inputs: inputSlots(description),
    outputs: outputSlots(description),
    values: defaultValues(description),
    ...(controls && { controls }),
  }
}

/**
 * Sockets first, then those that stand for widgets, as ComfyUI's page orders them: those that there
 * are with these values and these sockets connected.
 */
export function inputSlots(
  description: NodeDescription,
  values: Readonly<Record<string, Json>> = {},
  linked: (name: string) => boolean = () => false,
): InputSlot[] {
  const inputs = grownSockets(activeInputs(description.inputs, values), linked)
  const sockets = inputs.filter(input => !hasWidget(input))
  return [...sockets, ...inputs.filter(hasWidget)].map(inputSlot)
}

const inputSlot = (input: InputDescription): InputSlot =>
  hasWidget(input)
    ? { name: input.name, type: input.type, widget: input.name }
    : { name: input.name, type: input.type, ...(input.optional && { optional: true }) }

export const outputSlots = (description: NodeDescription): OutputSlot[] =>
  description.outputs.map(({ name, type }) => ({ name, type }))

const defaultValues = (description: NodeDescription): Record<string, Json> =>
  Object.fromEntries(
    activeInputs(description.inputs, {})
      .filter(hasWidget)
      .map(input => [input.name, input.widget!.default]),
  )

function defaultControls(description: NodeDescription): Record<string, SeedControl> | undefined {
  const seeds = description.inputs.filter(input => hasWidget(input) && hasControl(input))
  if (seeds.length === 0) return undefined
  return Object.fromEntries(seeds.map(input => [input.name, 'randomize' as const]))
}

function subgraphSlots(subgraph: Subgraph): Pick<GraphNode, 'inputs' | 'outputs'> {
  return {
    inputs: subgraph.inputs.map(({ name, type }, port) =>
      widgetBehind(subgraph, port) ? { name, type, widget: name } : { name, type },
    ),
    outputs: subgraph.outputs.map(({ name, type }) => ({ name, type })),
  }
}

/** The widget inside that an input of a subgraph leads to. */
export function widgetBehind(
  subgraph: Subgraph,
  port: number,
): { node: GraphNode; widget: string } | undefined {
  for (const link of Object.values(subgraph.links)) {
    if (link.from !== subgraphInputId || link.fromSlot !== port) continue
    const node = subgraph.nodes[link.to]
    const widget = node?.inputs[link.toSlot]?.widget
    if (node && widget !== undefined) return { node, widget }
  }
  return undefined
}

const rowHeight = 22
const headerHeight = 34

/** Near enough for a first layout, in canvas units; whoever draws the node may know better. */
function nodeSize(description: NodeDescription): { width: number; height: number } {
  const inputs = grownSockets(activeInputs(description.inputs, {}), () => false)
  const widgets = inputs.filter(hasWidget)
  const texts = widgets.filter(({ widget }) => widget?.kind === 'text' && widget.multiline).length
  const sockets = inputs.length - widgets.length
  const rows = Math.max(sockets, description.outputs.length) + (widgets.length - texts)
  return {
    width: texts > 0 ? 400 : widgets.length > 0 ? 280 : 200,
    height: headerHeight + rows * rowHeight + texts * 120,
  }
}
