// Before anything runs: which nodes the targets reach, in what order, and under which cache keys.

import type { NodeId } from '../graph/document.ts'
import { type Key, type KeyTable, keyOf } from '../graph/keys.ts'
import { linksOf, orderFrom } from '../graph/order.ts'
import { isLink, type Prompt } from '../graph/prompt.ts'
import type { Field, NodeType, RunContext } from '../nodes/define.ts'
import { type Expansion, expandedId, placed } from './expansion.ts'
import { NodeFailure } from './failure.ts'
import { RunError } from './run-error.ts'
import { bindLiteral } from './values.ts'

/** A node of the running graph. */
export interface RunNode {
  readonly id: NodeId
  /** What it is shown as, if an expansion made it. */
  readonly display?: NodeId
  readonly type: NodeType
  /** Links have string ids here; literals are as written. */
  readonly inputs: Readonly<Record<string, unknown>>
  key: Key
}

/** The prompt's reachable nodes, and later those that expansions add. */
export interface RunGraph {
  readonly nodes: Map<NodeId, RunNode>
  readonly targets: readonly NodeId[]
  /** Reachable nodes, dependencies first. */
  readonly order: readonly NodeId[]
}

export interface PlanEnvironment extends Pick<RunContext, 'files' | 'models'> {
  nodeTypes: ReadonlyMap<string, NodeType>
  keys: KeyTable
}

const typeOf = (id: NodeId, name: string, nodeTypes: ReadonlyMap<string, NodeType>): NodeType => {
  const type = nodeTypes.get(name)
  if (type) return type
  const error = new RunError(
    'node_type_missing',
    `There is no node type “${name}” here.`,
    'Replace the node, or run the workflow in your ComfyUI.',
  )
  throw new NodeFailure(id, name, error)
}

const withStringIds = (inputs: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, value]) =>
      isLink(value) ? [name, [String(value[0]), value[1]]] : [name, value],
    ),
  )

/** @param targets the output nodes to run; all of them when absent. @throws NodeFailure, CycleError */
export async function planPrompt(
  prompt: Prompt,
  targets: readonly NodeId[] | undefined,
  environment: PlanEnvironment,
): Promise<RunGraph> {
  const { nodeTypes } = environment
  const chosen =
    targets ?? Object.keys(prompt).filter(id => nodeTypes.get(prompt[id]!.class_type)?.outputNode)
  if (chosen.length === 0)
    throw new RunError(
      'no_outputs',
      'Nothing in this workflow makes an output.',
      'Add a node such as Save Image.',
    )
  const nodes = new Map<NodeId, RunNode>()
  const order = orderFrom(chosen, id => {
    const node = prompt[id]
    if (!node) throw new RunError('node_missing', `The workflow has no node ${id}.`)
    const type = typeOf(id, node.class_type, nodeTypes)
    const inputs = withStringIds(node.inputs)
    nodes.set(id, { id, type, inputs, key: 0 })
    return linksOf(inputs).map(([from]) => {
      if (prompt[from]) return from
      const error = new RunError(
        'link_broken',
        `A link comes from node ${from}, which is not there.`,
      )
      throw new NodeFailure(id, node.class_type, error)
    })
  })
  await assignKeys(order, nodes, environment)
  return { nodes, targets: chosen, order }
}

/** What an expansion added: `results` has the expanding node's outputs with links put in place. */
export interface Expanded {
  results: unknown[]
  /** Nodes whose results the expanding node waits for. */
  sources: NodeId[]
  outputNodes: NodeId[]
}

/** Adds one call's expansion to the graph. @throws CycleError, NodeFailure */
export async function addExpansion(
  graph: RunGraph,
  parent: RunNode,
  { call, values, expansion }: { call: number; values: readonly unknown[]; expansion: Expansion },
  environment: PlanEnvironment,
): Promise<Expanded> {
  const added: NodeId[] = []
  const shownAs = displayFinder(graph)
  for (const [local, { type: name, inputs, display }] of expansion.nodes) {
    const id = expandedId(parent.id, call, local)
    if (graph.nodes.has(id)) throw new Error(`The id ${id} is taken already.`)
    const type = typeOf(id, name, environment.nodeTypes)
    const placedInputs = Object.fromEntries(
      Object.entries(inputs).map(([input, value]) => [input, placed(value, parent.id, call)]),
    )
    const shown = shownAs(display ?? parent.id)
    graph.nodes.set(id, { id, display: shown, type, inputs: placedInputs, key: 0 })
    added.push(id)
  }
  const results = values.map(value => placed(value, parent.id, call))
  const sources = results.filter(isLink).map(([from]) => String(from))
  const isNew = new Set(added)
  // The parent waits for its sources: a way from one of them back to it is a cycle.
  const order = orderFrom([parent.id, ...added], id =>
    id === parent.id
      ? sources
      : linksOf(graph.nodes.get(id)?.inputs ?? {})
          .map(([from]) => from)
          .filter(from => isNew.has(from) || from === parent.id),
  )
  await assignKeys(
    order.filter(id => isNew.has(id)),
    graph.nodes,
    environment,
  )
  const outputNodes = added.filter(id => graph.nodes.get(id)!.type.outputNode)
  return { results, sources, outputNodes }
}

/** Follows `display` up to a node of the queued prompt. */
const displayFinder = (graph: RunGraph) => (id: NodeId) => graph.nodes.get(id)?.display ?? id

async function assignKeys(
  order: readonly NodeId[],
  nodes: ReadonlyMap<NodeId, RunNode>,
  environment: PlanEnvironment,
): Promise<void> {
  for (const id of order) {
    const node = nodes.get(id)!
    const { type } = node
    const answer = type.changed ? changedAnswer(node, environment) : undefined
    node.key = keyOf(
      {
        type: type.type,
        inputs: node.inputs,
        changed: answer instanceof Promise ? await answer.catch(() => Number.NaN) : answer,
        id: Object.values(type.hidden ?? {}).includes('UNIQUE_ID') ? id : undefined,
      },
      source => {
        const key = nodes.get(source)?.key
        if (key !== undefined) return key
        throw new RunError('link_broken', `A link comes from node ${source}, which is not there.`)
      },
      environment.keys,
    )
  }
}

/** An exception counts as "always changed"; linked inputs are not there yet. */
function changedAnswer(node: RunNode, environment: PlanEnvironment): unknown {
  try {
    return node.type.changed!(literalsOf(node) as never, environment)
  } catch {
    return Number.NaN
  }
}

/** The declared inputs that are written in the prompt, coerced. @throws InputError */
export function literalsOf({ type, inputs }: RunNode): Record<string, unknown> {
  const fields: Record<string, Field> = type.inputs
  const literals: Record<string, unknown> = {}
  for (const name in fields) {
    const value = inputs[name]
    if (value !== undefined && !isLink(value))
      literals[name] = bindLiteral(name, fields[name]!, value)
  }
  return literals
}
