// ComfyUI's errors in words for people: what is wrong, and what to do about it.
import type { Catalogue, InputDescription } from './catalogue.ts'
import type { ComfyError } from './comfy-error.ts'
import type { NodeId } from './document.ts'
import { isObject, type Json, type JsonObject } from './json.ts'
import { nearest } from './nearest.ts'
import { isPartnerNode } from './partner-nodes.ts'
import { pythonStr } from './python-text.ts'
import type { Validation } from './validate.ts'

/** Something wrong with a graph, said for one node and input where there is one. */
export interface Problem {
  code: string
  node?: NodeId
  nodeType?: string
  input?: string
  message: string
  /** What to do. */
  hint?: string
}

/** What is wrong, in words for people, with what to do next. Empty when nothing is. */
export function explain(
  { nodeErrors, error }: Pick<Validation, 'nodeErrors' | 'error'>,
  prompt: unknown,
  catalogue: Catalogue,
): Problem[] {
  const nodes = isObject(prompt) ? prompt : {}
  if (error?.type === 'invalid_prompt') return unusableNodes(nodes, catalogue)
  const problems: Problem[] = []
  for (const [node, { errors, class_type }] of Object.entries(nodeErrors)) {
    for (const one of errors) {
      if (one.type.startsWith('exception_during')) {
        problems.push(...deadLinks(one.type, node, nodes, catalogue))
        continue
      }
      const input = one.extra_info.input_name
      const name = typeof input === 'string' ? input : undefined
      const described = catalogue[class_type]?.inputs.find(other => other.name === name)
      const said = say(one, described, nodes)
      problems.push({ code: one.type, node, nodeType: class_type, input: name, ...said })
    }
  }
  if (problems.length > 0 || !error) return problems
  return [circle(nodes) ?? wholePrompt(error, catalogue)]
}

// ---- the whole prompt

function unusableNodes(nodes: JsonObject, catalogue: Catalogue): Problem[] {
  const problems: Problem[] = []
  const types = Object.keys(catalogue)
  for (const [node, value] of Object.entries(nodes)) {
    const type = isObject(value) ? value.class_type : undefined
    if (typeof type !== 'string') {
      problems.push({
        code: 'missing_class_type',
        node,
        message: `Node ${node} does not say what it is: it has no class_type.`,
        hint: 'Save the workflow again from the program that made it.',
      })
    } else if (!Object.hasOwn(catalogue, type)) {
      const partner = isPartnerNode(type)
      problems.push({
        code: partner ? 'partner_node' : 'unknown_node',
        node,
        nodeType: type,
        ...(partner ? partnerNode(type) : unknownNode(type, types)),
      })
    }
  }
  return problems
}

const partnerNode = (type: string): Pick<Problem, 'message' | 'hint'> => ({
  message: `"${type}" is a partner node: it works on another company's servers, for credits.`,
  hint: 'Run the workflow in ComfyUI with an account there, or replace the node by one that runs here.',
})

function unknownNode(type: string, types: string[]): Pick<Problem, 'message' | 'hint'> {
  const near = nearest(type, types)
  return {
    message: `There is no node called "${type}" here.`,
    hint: near
      ? `Nearest: "${near}". If the node comes from a ComfyUI pack, run the workflow on your own ComfyUI.`
      : 'It may come from a ComfyUI pack: run the workflow on your own ComfyUI, or replace the node.',
  }
}

function wholePrompt(error: ComfyError, catalogue: Catalogue): Problem {
  const outputs = Object.values(catalogue).filter(node => node.outputNode)
  const names = outputs.slice(0, 3).map(node => `"${node.title}"`)
  switch (error.type) {
    case 'no_prompt':
      return { code: error.type, message: 'There is nothing to run.' }
    case 'prompt_no_outputs':
      return {
        code: error.type,
        message: 'Nothing in this workflow makes a result.',
        hint: `Add a node that saves or shows something${names.length > 0 ? `, such as ${names.join(' or ')}` : ''}.`,
      }
    default:
      return { code: error.type, message: error.details || error.message }
  }
}

/** Nodes that wait for each other; walks links back until it comes where it has been. */
function circle(nodes: JsonObject): Problem | undefined {
  const done = new Set<NodeId>()
  for (const start of Object.keys(nodes)) {
    const path = circleFrom(start, nodes, done)
    if (!path) continue
    const [node = start] = path
    const way = [...path, node].join(' → ')
    return {
      code: 'cycle',
      node,
      nodeType: typeOf(nodes[node]),
      message:
        path.length === 1 ? `Node ${node} waits for itself.` : `Nodes ${way} wait for each other.`,
      hint: 'Remove one of the links of this circle.',
    }
  }
  return undefined
}

function circleFrom(start: NodeId, nodes: JsonObject, done: Set<NodeId>): NodeId[] | undefined {
  const stack = [{ id: start, next: sourcesOf(nodes[start]) }]
  const path = new Set([start])
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const id = top.next.pop()
    if (id === undefined) {
      done.add(top.id)
      path.delete(top.id)
      stack.pop()
    } else if (path.has(id)) {
      // Links were walked back: told the way the data would go.
      const [first, ...others] = [...path].slice([...path].indexOf(id))
      return [first!, ...others.reverse()]
    } else if (!done.has(id) && id in nodes) {
      path.add(id)
      stack.push({ id, next: sourcesOf(nodes[id]) })
    }
  }
  return undefined
}

function sourcesOf(node: Json | undefined): NodeId[] {
  const inputs = isObject(node) && isObject(node.inputs) ? Object.values(node.inputs) : []
  return inputs.flatMap(value =>
    Array.isArray(value) && value.length === 2 ? [pythonStr(value[0]!)] : [],
  )
}

const typeOf = (node: Json | undefined): string | undefined =>
  isObject(node) && typeof node.class_type === 'string' ? node.class_type : undefined

// ---- one input

type Said = Pick<Problem, 'message' | 'hint'>

function say(error: ComfyError, input: InputDescription | undefined, nodes: JsonObject): Said {
  const name = input?.name ?? String(error.extra_info.input_name ?? '')
  const value = error.extra_info.received_value
  switch (error.type) {
    case 'required_input_missing':
      return input?.widget
        ? { message: `"${name}" has no value.`, hint: 'Set it on the node.' }
        : {
            message: `Nothing is connected to "${name}".`,
            hint: `Connect an output of type ${input?.type ?? 'any'} to it.`,
          }
    case 'bad_linked_input':
      return { message: `The link into "${name}" is broken.`, hint: 'Connect it again.' }
    case 'return_type_mismatch': {
      const { received_type, linked_node } = error.extra_info
      const from = Array.isArray(linked_node) ? pythonStr(linked_node[0]!) : ''
      return {
        message: `"${name}" takes ${input?.type}, but node ${from} (${typeOf(nodes[from])}) gives ${received_type}.`,
        hint: `Connect an output of type ${input?.type} instead.`,
      }
    }
    case 'invalid_input_type':
      return {
        message: `"${name}" must be ${kindOf(input)}, it is ${shown(value)}.`,
        hint: 'Correct the value on the node.',
      }
    case 'value_smaller_than_min':
    case 'value_bigger_than_max':
      return outOfRange(name, value, input)
    case 'value_not_in_list':
      return notInList(name, value, input)
    case 'custom_validation_failed':
      return noFile(error, input)
    default:
      return { message: error.details || error.message }
  }
}

/** ComfyUI reports a link to nowhere at whoever asked for the node; people need the link itself. */
function deadLinks(code: string, node: NodeId, nodes: JsonObject, catalogue: Catalogue): Problem[] {
  const own = nodes[node]
  const inputs = isObject(own) && isObject(own.inputs) ? own.inputs : {}
  const hint = 'Connect it again, or open the workflow in the editor, which drops dead links.'
  const nodeType = typeOf(own)
  const problems: Problem[] = []
  for (const [input, value] of Object.entries(inputs)) {
    if (!Array.isArray(value) || value.length !== 2) continue
    const from = pythonStr(value[0]!)
    const type = typeOf(nodes[from])
    const outputs = type === undefined ? undefined : catalogue[type]?.outputs
    const message = outputs
      ? `"${input}" is linked to output ${pythonStr(value[1]!)} of node ${from} (${type}), which has ${outputs.length}.`
      : `"${input}" is linked to node ${from}, which does not exist.`
    const slot = Number(value[1])
    const alive = outputs && Number.isInteger(slot) && outputs.at(slot) !== undefined
    if (!alive) problems.push({ code, node, nodeType, input, message, hint })
  }
  return problems
}

const kindOf = (input: InputDescription | undefined): string =>
  ({ INT: 'a whole number', FLOAT: 'a number', BOOLEAN: 'true or false', STRING: 'text' })[
    input?.type ?? ''
  ] ?? `of type ${input?.type ?? 'another'}`

/** Values in messages stay short. */
function shown(value: Json | undefined): string {
  const text = value === undefined ? 'nothing' : pythonStr(value)
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text
  return typeof value === 'string' ? `"${short}"` : short
}

function outOfRange(name: string, value: Json | undefined, input?: InputDescription): Said {
  const { widget } = input ?? {}
  if (widget?.kind !== 'int' && widget?.kind !== 'float') {
    return { message: `"${name}" is out of range.` }
  }
  return {
    message: `"${name}" must lie between ${widget.min} and ${widget.max}, it is ${shown(value)}.`,
    hint: 'Correct the value on the node.',
  }
}

/** What a folder's files are called. */
const fileKinds: Record<string, string> = {
  checkpoints: 'checkpoint',
  loras: 'LoRA',
  vae: 'VAE',
  upscale_models: 'upscale model',
  diffusion_models: 'diffusion model',
  text_encoders: 'text encoder',
  clip: 'text encoder',
  clip_vision: 'CLIP vision model',
  controlnet: 'ControlNet',
  embeddings: 'embedding',
  style_models: 'style model',
  hypernetworks: 'hypernetwork',
  gligen: 'GLIGEN model',
  model_patches: 'model patch',
}

/** A ComfyUI's lists do not say which folder they show: the names of its inputs do. */
const folderByInput: [RegExp, string][] = [
  [/^ckpt_name/, 'checkpoints'],
  [/^lora_name/, 'loras'],
  [/^vae_name/, 'vae'],
  [/^unet_name/, 'diffusion_models'],
  [/^clip_name/, 'text_encoders'],
  [/^control_net_name/, 'controlnet'],
  [/^style_model_name/, 'style_models'],
]

function notInList(name: string, value: Json | undefined, input?: InputDescription): Said {
  const { widget } = input ?? {}
  if (widget?.kind !== 'choice') return { message: `"${name}" cannot be ${shown(value)}.` }
  const folder = widget.folder ?? folderByInput.find(([pattern]) => pattern.test(name))?.[1]
  const kind = folder && fileKinds[folder]
  const what = kind ? `There is no ${kind} named ${shown(value)}.` : undefined
  const options = widget.options.map(pythonStr)
  if (options.length === 0 && folder) {
    return {
      message: what ?? `"${name}" cannot be ${shown(value)}.`,
      hint: `The folder ${folder} is empty: put the file there, or add your models folder in Settings.`,
    }
  }
  const near = nearest(value === undefined ? '' : pythonStr(value), options)
  const others = options.slice(0, 5).map(option => `"${option}"`)
  return {
    message: what ?? `"${name}" cannot be ${shown(value)}.`,
    hint: near
      ? `Nearest: "${near}".`
      : `Choose one of ${others.join(', ')}${options.length > 5 ? ' …' : ''}.`,
  }
}

function noFile(error: ComfyError, input?: InputDescription): Said {
  const [, file] = /Invalid \w+ file: (.*)$/s.exec(error.details) ?? []
  if (file === undefined) return { message: error.details.replace(`${input?.name} - `, '') }
  const options = input?.widget?.kind === 'choice' ? input.widget.options.map(pythonStr) : []
  const near = nearest(file, options)
  return {
    message: `There is no picture named "${file}".`,
    hint: `${near ? `Nearest: "${near}". ` : ''}Drop a picture on the node, or choose another.`,
  }
}
