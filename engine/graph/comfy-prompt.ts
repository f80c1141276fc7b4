// A document's API form, as ComfyUI's page exports it, and back: a laid-out document for an API form.

import { type Catalogue, descriptionOf, hasWidget, type NodeDescription } from './catalogue.ts'
import { isFallbackName, pageValue, pageWidgets } from './comfy-widgets.ts'
import { type Document, type GraphNode, subgraphOf } from './document.ts'
import { activeInputs } from './dynamic-inputs.ts'
import { drawPrompt } from './dynamic-prompt.ts'
import { type Frame, frameOf, rootFrame, runningNodes, sourceOf } from './flatten.ts'
import type { Json } from './json.ts'
import { titleOf } from './node-title.ts'
import type { Prompt, PromptNode } from './prompt.ts'
import type { Problem } from './validate.ts'

export { fromPrompt } from './prompt-layout.ts'

/**
 * What a run executes: subgraphs flattened (ids become paths), bypassed nodes passed through, muted
 * and canvas-only nodes left out, one of each `{day|night}` drawn. `problems` are things a prompt
 * cannot say.
 */
export function toPrompt(
  document: Document,
  catalogue: Catalogue,
  random: () => number = Math.random,
): { prompt: Prompt; problems: Problem[] } {
  const prompt: Prompt = {}
  for (const { frame, node } of runningNodes(document, catalogue)) {
    const description = descriptionOf(catalogue, node.type)
    const said = promptNode(document, frame, node, description)
    prompt[frame.prefix + node.id] = description ? drawn(said, description, random) : said
  }
  return { prompt, problems: selfContaining(document, rootFrame(document)) }
}

function promptNode(
  document: Document,
  frame: Frame,
  node: GraphNode,
  description: NodeDescription | undefined,
): PromptNode {
  const inputs = widgetInputs(node, description)
  node.inputs.forEach((slot, index) => {
    const source = sourceOf(document, frame, node.id, index, slot.type)
    if (source) inputs[slot.name] = 'link' in source ? source.link : wrapped(source.value)
  })
  return {
    inputs,
    class_type: node.type,
    _meta: { title: titleOf(node, description) },
  }
}

/** Values of a node's widgets: what it holds, else what its type begins with. */
function widgetInputs(
  node: GraphNode,
  description: NodeDescription | undefined,
): Record<string, Json> {
  const inputs: Record<string, Json> = {}
  if (!description) {
    for (const [name, value] of Object.entries(node.values)) {
      if (!isFallbackName(name) && name !== 'upload') inputs[name] = wrapped(value)
    }
    return inputs
  }
  const { values } = node
  for (const input of activeInputs(description.inputs, values)) {
    if (!hasWidget(input)) continue
    inputs[input.name] = wrapped(node.values[input.name] ?? input.widget!.default)
  }
  for (const name of pageWidgets[node.type] ?? []) {
    inputs[name] = wrapped(node.values[name] ?? pageValue)
  }
  const declared = new Set(description.inputs.map(({ name }) => name))
  for (const [name, value] of Object.entries(values)) {
    if (name.includes('.') && !declared.has(name)) inputs[name] = wrapped(value)
  }
  return inputs
}

/** Texts that allow it have their choices drawn. */
function drawn(node: PromptNode, description: NodeDescription, random: () => number): PromptNode {
  for (const { name, widget } of description.inputs) {
    const value = node.inputs[name]
    if (widget?.kind === 'text' && widget.dynamicPrompts && typeof value === 'string') {
      node.inputs[name] = drawPrompt(value, random)
    }
  }
  return node
}

/** An array would read as a link. */
const wrapped = (value: Json): Json => (Array.isArray(value) ? { __value__: value } : value)

/** Subgraphs that hold themselves cannot be flattened. */
function selfContaining(document: Document, frame: Frame): Problem[] {
  const problems: Problem[] = []
  for (const node of Object.values(frame.graph.nodes)) {
    const subgraph = subgraphOf(document, node.type)
    if (!subgraph || node.mode !== 'always') continue
    const inside = frameOf(document, frame, node)
    if (inside) problems.push(...selfContaining(document, inside))
    else {
      problems.push({
        code: 'subgraph_within_itself',
        node: frame.prefix + node.id,
        message: `The subgraph "${subgraph.name}" contains itself.`,
        hint: 'Remove the node that stands for the subgraph from its inside.',
      })
    }
  }
  return problems
}
