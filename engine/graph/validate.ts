// Whether a prompt can run, in the words of ComfyUI's server, which clients read: the same error
// types, texts and shapes. Linear in the size of the prompt, without recursion.
import {
  type Catalogue,
  type InputDescription,
  type NodeDescription,
  typesMatch,
} from './catalogue.ts'
import { checkLiteral } from './check-literal.ts'
import { type ComfyError, inputConfig, inputError } from './comfy-error.ts'
import type { NodeId } from './document.ts'
import { activeInputs } from './dynamic-inputs.ts'
import { isNumber, isObject, type Json, type JsonObject, plainNumber, sameJson } from './json.ts'
import { upstream } from './order.ts'
import { isLink, type Prompt, type PromptNode } from './prompt.ts'
import { pythonRepr, pythonStr } from './python-text.ts'

export type { ComfyError } from './comfy-error.ts'
export { explain, type Problem } from './explain.ts'

export interface NodeErrors {
  errors: ComfyError[]
  dependent_outputs: NodeId[]
  class_type: string
}

export interface Validation {
  /** Outputs that may run; one is enough for the prompt to be taken. */
  goodOutputs: NodeId[]
  nodeErrors: Record<NodeId, NodeErrors>
  /** Present when nothing can run: ComfyUI's 400 answer. */
  error?: ComfyError
  /** The prompt with literals converted to what the nodes declare, `__value__` unwrapped. */
  coerced: Prompt
}

/** Checks a prompt as ComfyUI's server does. Never throws; `prompt` may be anything. */
export function validatePrompt(
  prompt: Json | Prompt,
  catalogue: Catalogue,
  targets?: readonly NodeId[],
): Validation {
  const failed = (error: ComfyError): Validation => ({
    goodOutputs: [],
    nodeErrors: {},
    error,
    coerced: {},
  })
  if (!isObject(prompt)) return failed(plainError('no_prompt', 'No prompt provided'))
  const unusable = unusableNode(prompt, catalogue)
  if (unusable) return failed(unusable)

  const nodes = prompt as unknown as Prompt
  const outputs = Object.keys(nodes).filter(
    id => catalogue[nodes[id]!.class_type]!.outputNode && (!targets || targets.includes(id)),
  )
  if (outputs.length === 0) {
    return failed({ ...plainError('prompt_no_outputs', 'Prompt has no outputs'), details: '' })
  }
  return validateOutputs(nodes, catalogue, outputs)
}

const plainError = (type: string, message: string): ComfyError => ({
  type,
  message,
  details: message,
  extra_info: {},
})

/** The first node that is of no type, or of none we know: nothing more can be said then. */
function unusableNode(prompt: JsonObject, catalogue: Catalogue): ComfyError | undefined {
  for (const [id, node] of Object.entries(prompt)) {
    const type = isObject(node) ? node.class_type : undefined
    const details = `Node ID '#${id}'`
    if (typeof type !== 'string') {
      const message = 'Cannot execute because a node is missing the class_type property.'
      return { type: 'invalid_prompt', message, details, extra_info: {} }
    }
    if (!Object.hasOwn(catalogue, type)) {
      const message = `Cannot execute because node ${type} does not exist.`
      return { type: 'invalid_prompt', message, details, extra_info: {} }
    }
  }
  return undefined
}

// ---- the graph

interface Checked {
  node: PromptNode
  /** What is wrong with the node itself. */
  errors: ComfyError[]
  /** A link to nowhere: in ComfyUI an exception, told to whoever asked for the node. */
  exception?: { type: string; message: string }
  /** Nodes linked to, in the order of the inputs. */
  sources: { id: NodeId; input: InputDescription; link: Json }[]
}

function validateOutputs(prompt: Prompt, catalogue: Catalogue, outputs: NodeId[]): Validation {
  const checked = new Map<NodeId, Checked>()
  const valid = new Map<NodeId, boolean>()
  const nodeErrors: Record<NodeId, NodeErrors> = {}
  const goodOutputs: NodeId[] = []
  const details: string[] = []
  for (const output of outputs) {
    visit(output, prompt, catalogue, checked, valid)
    if (valid.get(output)) {
      goodOutputs.push(output)
      continue
    }
    const own = checked.get(output)
    for (const error of own?.errors ?? []) details.push(`${error.message}: ${error.details}`)
    for (const id of upstream(output, id => sourceIds(checked.get(id)))) {
      const { errors, node } = checked.get(id)!
      if (errors.length === 0) continue
      nodeErrors[id] ??= { errors, dependent_outputs: [], class_type: node.class_type }
      nodeErrors[id].dependent_outputs.push(output)
    }
  }
  const coerced = { ...prompt }
  for (const [id, { node }] of checked) coerced[id] = node
  if (goodOutputs.length > 0) return { goodOutputs, nodeErrors, coerced }
  const error = plainError('prompt_outputs_failed_validation', 'Prompt outputs failed validation')
  return { goodOutputs, nodeErrors, coerced, error: { ...error, details: details.join('\n') } }
}

/**
 * Checks a node and everything before it, depth first with a stack of our own. A node that waits for
 * itself is not valid and says nothing, as in ComfyUI.
 */
function visit(
  output: NodeId,
  prompt: Prompt,
  catalogue: Catalogue,
  checked: Map<NodeId, Checked>,
  valid: Map<NodeId, boolean>,
): void {
  const stack: { id: NodeId; next: number; ok: boolean }[] = []
  const waiting = new Set<NodeId>()
  const enter = (id: NodeId): void => {
    checked.set(id, checkNode(prompt, id, catalogue))
    waiting.add(id)
    stack.push({ id, next: 0, ok: true })
  }
  if (valid.has(output)) return
  enter(output)
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const here = checked.get(top.id)!
    const source = here.sources[top.next++]
    if (!source) {
      if (here.exception && here.errors.length === 0) here.errors = [outerException(here.exception)]
      valid.set(top.id, top.ok && here.errors.length === 0)
      waiting.delete(top.id)
      stack.pop()
      const below = stack.at(-1)
      if (below && !valid.get(top.id)) below.ok = false
    } else if (valid.has(source.id)) {
      if (!valid.get(source.id)) top.ok = false
    } else if (waiting.has(source.id)) {
      top.ok = false
    } else {
      enter(source.id)
      const { exception } = checked.get(source.id)!
      if (exception) checked.get(source.id)!.errors = [innerException(exception, source)]
    }
  }
}

const sourceIds = (node: Checked | undefined): NodeId[] => node?.sources.map(({ id }) => id) ?? []

const outerException = ({ type, message }: { type: string; message: string }): ComfyError => ({
  type: 'exception_during_validation',
  message: 'Exception when validating node',
  details: message,
  extra_info: { exception_type: type, traceback: [] },
})

const innerException = (
  { type, message }: { type: string; message: string },
  { input, link }: Checked['sources'][number],
): ComfyError => ({
  type: 'exception_during_inner_validation',
  message: 'Exception when validating inner node',
  details: message,
  extra_info: {
    input_name: input.name,
    input_config: inputConfig(input),
    exception_message: message,
    exception_type: type,
    traceback: [],
    linked_node: link,
  },
})

// ---- one node

function checkNode(prompt: Prompt, id: NodeId, catalogue: Catalogue): Checked {
  const node = prompt[id]!
  const given = isObject(node.inputs) ? node.inputs : {}
  const checked: Checked = { node, errors: [], sources: [] }
  const converted: Record<string, Json> = {}
  for (const input of activeInputs(catalogue[node.class_type]!.inputs, given)) {
    const value = given[input.name]
    if (value === undefined) {
      if (!input.optional) checked.errors.push(missing(input))
    } else if (Array.isArray(value)) {
      checkLink(prompt, catalogue, input, value, checked)
    } else {
      const result = checkLiteral(input, value)
      if (result.error) checked.errors.push(result.error)
      else if (!sameJson(result.value, value)) converted[input.name] = result.value
    }
  }
  if (checked.exception) checked.errors = []
  if (Object.keys(converted).length > 0) {
    checked.node = { ...node, inputs: { ...given, ...converted } }
  }
  return checked
}

function checkLink(
  prompt: Prompt,
  catalogue: Catalogue,
  input: InputDescription,
  value: Json[],
  checked: Checked,
): void {
  if (value.length !== 2) {
    checked.errors.push(
      inputError(
        'bad_linked_input',
        'Bad linked input, must be a length-2 list of [node_id, slot_index]',
        input.name,
        input,
        { received_value: value },
      ),
    )
    return
  }
  const id = pythonStr(value[0]!)
  const origin = prompt[id]
  if (!origin) {
    checked.exception ??= { type: 'KeyError', message: pythonRepr(value[0]!) }
    return
  }
  const received = outputType(catalogue[origin.class_type]!, value[1]!)
  if (typeof received !== 'string') {
    checked.exception ??= received
  } else if (!typesMatch(received, input.type)) {
    checked.errors.push(mismatch(input, received, value))
  } else {
    checked.sources.push({ id, input, link: value })
  }
}

/** The type of an output; counting from the end works in Python. */
function outputType(
  description: NodeDescription,
  slot: Json,
): string | { type: string; message: string } {
  const index = isNumber(slot) ? Number(plainNumber(slot)) : Number.NaN
  if (!isLink(['', index])) {
    return { type: 'TypeError', message: 'tuple indices must be integers or slices' }
  }
  const output = description.outputs.at(index)
  return output?.type ?? { type: 'IndexError', message: 'tuple index out of range' }
}

// ---- texts

const missing = (input: InputDescription): ComfyError => ({
  type: 'required_input_missing',
  message: 'Required input is missing',
  details: input.name,
  extra_info: { input_name: input.name },
})

function mismatch(input: InputDescription, received: string, link: Json): ComfyError {
  const wanted = pythonStr(inputConfig(input)[0] ?? input.type)
  return inputError(
    'return_type_mismatch',
    'Return type mismatch between linked nodes',
    `${input.name}, received_type(${received}) mismatch input_type(${wanted})`,
    input,
    { received_type: received, linked_node: link },
  )
}
