// Control after generate: what becomes of a seed once its run was queued.
import { type Canvas, editNodes } from './canvas.ts'
import { type Document, type GraphNode, type SeedControl, subgraphOf } from './document.ts'
import { isNumber, type Json, type JsonNumber, plainNumber } from './json.ts'
import { widgetBehind } from './new-node.ts'

/** ComfyUI's page draws random seeds from 0 … 2^50. */
const randomSeedLimit = 2 ** 50
const largestSeed = 0xffff_ffff_ffff_ffffn

/** Applies every node's control to its seed, inside subgraphs too. `random` answers 0 ≤ x < 1. */
export function advanceSeeds(document: Document, random: () => number = Math.random): Document {
  let next = document
  const canvases: Canvas[] = [null, ...Object.keys(document.subgraphs)]
  for (const at of canvases) {
    const graph = at === null ? next : next.subgraphs[at]!
    next = editNodes(next, at, Object.keys(graph.nodes), node =>
      advanceNode(node, controlsOf(node, document), random),
    )
  }
  return next
}

/** A subgraph's node has no controls of its own: those of the widgets inside hold for its values. */
function controlsOf(node: GraphNode, document: Document): Record<string, SeedControl> {
  const subgraph = subgraphOf(document, node.type)
  if (!subgraph) return node.controls ?? {}
  const controls: Record<string, SeedControl> = {}
  subgraph.inputs.forEach(({ name }, port) => {
    const behind = name in node.values ? widgetBehind(subgraph, port) : undefined
    const control = behind?.node.controls?.[behind.widget]
    if (control) controls[name] = control
  })
  return controls
}

function advanceNode(
  node: GraphNode,
  controls: Record<string, SeedControl>,
  random: () => number,
): GraphNode {
  const values: Record<string, Json> = {}
  for (const [name, control] of Object.entries(controls)) {
    const value = node.values[name]
    if (control !== 'fixed' && isNumber(value)) values[name] = advance(value, control, random)
  }
  return Object.keys(values).length > 0 ? { ...node, values: { ...node.values, ...values } } : node
}

function advance(
  value: JsonNumber,
  control: Exclude<SeedControl, 'fixed'>,
  random: () => number,
): JsonNumber {
  if (control === 'randomize') return Math.floor(random() * (randomSeedLimit + 1))
  const now = plainNumber(value)
  const whole = typeof now === 'bigint' ? now : BigInt(Math.trunc(now))
  const next = whole + (control === 'increment' ? 1n : -1n)
  const kept = next < 0n ? 0n : next > largestSeed ? largestSeed : next
  return kept <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(kept) : kept
}
