// `--set NODE.INPUT=VALUE` and `--seed N`: changes to a prompt before it runs.
import {
  type Catalogue,
  hasWidget,
  type InputDescription,
  needsLink,
} from '../../graph/catalogue.ts'
import type { Document } from '../../graph/document.ts'
import { activeInputs } from '../../graph/dynamic-inputs.ts'
import { type Json, readJson } from '../../graph/json.ts'
import { isLink, type Prompt } from '../../graph/prompt.ts'
import { UsageError } from './usage.ts'

const largestSeed = 2n ** 64n - 1n

interface Target {
  node: string
  input: string
}

/** Applies one `NODE.INPUT=VALUE` to the prompt, and to the document where it has that value. */
export function setValue(
  assignment: string,
  prompt: Prompt,
  document: Document,
  catalogue: Catalogue,
): void {
  const equals = assignment.indexOf('=')
  if (equals < 1) throw new UsageError(`--set ${assignment}: write it as NODE.INPUT=VALUE.`)
  const { node, input } = findTarget(assignment.slice(0, equals), prompt, catalogue)
  const type = prompt[node]!.class_type
  const description = catalogue[type]?.inputs.find(({ name }) => name === input)
  if (description && needsLink(description))
    throw new UsageError(
      `--set ${assignment}: ${input} takes a link from another node (${description.type}), not a value.`,
    )
  write(prompt, document, { node, input }, readValue(assignment.slice(equals + 1), description))
  addDefaults(prompt[node]!, catalogue)
}

/** Another option of a choice may bring inputs of its own: they begin with their defaults. */
function addDefaults({ class_type, inputs }: Prompt[string], catalogue: Catalogue): void {
  for (const input of activeInputs(catalogue[class_type]?.inputs ?? [], inputs))
    if (input.when && hasWidget(input)) inputs[input.name] ??= input.widget!.default
}

/** Sets every seed that is not linked. @returns how many there were */
export function setSeed(
  text: string,
  prompt: Prompt,
  document: Document,
  catalogue: Catalogue,
): number {
  if (!/^\d+$/.test(text) || BigInt(text) > largestSeed)
    throw new UsageError(`--seed ${text}: a whole number from 0 to ${largestSeed}.`)
  let found = 0
  for (const [node, { class_type, inputs }] of Object.entries(prompt))
    for (const { name, widget } of catalogue[class_type]?.inputs ?? []) {
      if (widget?.kind !== 'int' || !widget.seed || isLink(inputs[name])) continue
      write(prompt, document, { node, input: name }, readJson(text))
      found++
    }
  return found
}

function write(prompt: Prompt, document: Document, { node, input }: Target, value: Json): void {
  prompt[node]!.inputs[input] = value
  const drawn = document.nodes[node]
  // The canvas form goes into the picture: it should show what was used.
  if (drawn && input in drawn.values)
    document.nodes[node] = { ...drawn, values: { ...drawn.values, [input]: value } }
}

/** Titles and inputs may hold dots: every way to cut is tried, a node's id before its title. */
function findTarget(path: string, prompt: Prompt, catalogue: Catalogue): Target {
  const cuts = [...path.matchAll(/\./g)].map(({ index }) => ({
    name: path.slice(0, index),
    input: path.slice(index + 1),
  }))
  for (const { name, input } of cuts) {
    const nodes = nodesNamed(name, prompt)
    if (nodes.length > 1)
      throw new UsageError(
        `--set ${path}: “${name}” is ${nodes.length} nodes (${nodes.join(', ')}). Use an id.`,
      )
    const [node] = nodes
    if (node === undefined) continue
    const { class_type, inputs } = prompt[node]!
    const known = catalogue[class_type]?.inputs.map(({ name }) => name) ?? Object.keys(inputs)
    if (!known.includes(input) && !(input in inputs))
      throw new UsageError(
        `--set ${path}: node ${node} (${class_type}) has no input “${input}”. It has ${known.join(', ')}.`,
      )
    return { node, input }
  }
  const all = Object.entries(prompt).map(([id, { class_type }]) => `${id} ${class_type}`)
  throw new UsageError(`--set ${path}: there is no such node. There are ${all.join(', ')}.`)
}

function nodesNamed(name: string, prompt: Prompt): string[] {
  if (Object.hasOwn(prompt, name)) return [name]
  const where = (test: (id: string) => boolean) => Object.keys(prompt).filter(test)
  const titled = where(id => prompt[id]!._meta?.title === name)
  return titled.length ? titled : where(id => prompt[id]!.class_type === name)
}

/** Numbers and switches as JSON, everything else as the text that was typed. */
function readValue(text: string, description: InputDescription | undefined): Json {
  const kind = description?.widget?.kind ?? description?.type
  if (kind === 'int' || kind === 'float' || kind === 'INT' || kind === 'FLOAT') {
    if (!/^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(text))
      throw new UsageError(`--set: ${description!.name} takes a number, not “${text}”.`)
    return readJson(text)
  }
  if (kind === 'toggle' || kind === 'BOOLEAN') {
    if (text !== 'true' && text !== 'false')
      throw new UsageError(`--set: ${description!.name} takes true or false, not “${text}”.`)
    return text === 'true'
  }
  return text
}
