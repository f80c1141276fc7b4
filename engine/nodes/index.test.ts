import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type Json, readJson } from '../graph/json.ts'
import { describe as describeNode, type NodeType } from './define.ts'
import { allNodes, nodeTypes } from './index.ts'

const here = import.meta.dirname
const objectInfoPath = resolve(here, '../../../shared/comfyui/object_info.json')

const nodeFiles = readdirSync(here, { withFileTypes: true })
  .filter(entry => entry.isDirectory() && entry.name !== 'fixtures')
  .flatMap(folder => readdirSync(join(here, folder.name)).map(name => join(folder.name, name)))
  .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))

describe('the list of nodes', () => {
  it('has the node of every file', async () => {
    const listed = new Set(allNodes)
    for (const path of nodeFiles) {
      const exported = Object.values(await import(join(here, path)))
      const nodes = exported.filter(value => typeof (value as NodeType)?.run === 'function')
      expect(nodes.length, `nodes in ${path}`).toBeGreaterThan(0)
      for (const node of nodes) expect(listed.has(node as NodeType), `${path} is listed`).toBe(true)
    }
  })

  it('has every type once', () => {
    expect(allNodes.length).toBe(nodeTypes.size)
  })

  it.each(allNodes.map(node => [node.type, node] as const))('says what %s does', (_, node) => {
    expect(node.title.trim()).not.toBe('')
    expect(node.category.trim()).not.toBe('')
    expect(node.about.trim()).toMatch(/\w.*[.!?]$/s)
  })
})

type Info = Record<
  string,
  {
    input: Record<'required' | 'optional' | 'hidden', Record<string, Json> | undefined>
    output: Json[]
    output_name: string[]
    output_is_list: boolean[]
    output_node: boolean
    is_input_list?: boolean
  }
>

/** What ComfyUI 0.3.64 says of an input that decides whether a workflow runs the same. */
function comfyInput(declared: Json): Record<string, unknown> {
  const [kind, options = {}] = declared as [Json, Record<string, unknown>?]
  const { default: preset, min, max, step, lazy, options: named } = options
  const type = Array.isArray(kind) ? 'COMBO' : kind
  const numeric = type === 'INT' || type === 'FLOAT'
  const number = (property: string, value: unknown) =>
    value === undefined ? {} : { [property]: Number(value) }
  return {
    type,
    ...(numeric && number('default', preset)),
    ...(numeric && number('min', min)),
    ...(numeric && number('max', max)),
    ...(type === 'INT' && number('step', step)),
    ...((type === 'STRING' || type === 'BOOLEAN') && preset !== undefined && { default: preset }),
    ...(type === 'COMBO' && { options: Array.isArray(kind) ? kind : named }),
    lazy: lazy ?? false,
  }
}

const plain = (value: unknown) =>
  typeof value === 'bigint' || typeof value === 'object' ? Number(String(value)) : value

function ourInput(node: NodeType, name: string): Record<string, unknown> | undefined {
  const input = describeNode(node, { files: () => [] }).inputs.find(input => input.name === name)
  if (!input) return undefined
  const { widget } = input
  const { min, max, step, options } = (widget ?? {}) as Record<string, unknown>
  return {
    type: input.type,
    // Chosen from a folder: differs from machine to machine.
    options: typeof node.inputs[name].widget === 'function' ? undefined : options,
    default: widget && plain(widget.default),
    min: plain(min),
    max: plain(max),
    step,
    lazy: input.lazy ?? false,
  }
}

describe.skipIf(!existsSync(objectInfoPath))('nodes that ComfyUI has too', () => {
  const info = existsSync(objectInfoPath)
    ? (readJson(readFileSync(objectInfoPath, 'utf8')) as unknown as Info)
    : {}
  const shared = allNodes.filter(node => info[node.type] && !node.virtual)

  it.each(shared.map(node => [node.type, node] as const))('%s is the same', (type, node) => {
    expect(differences(node, info[type]!)).toEqual([])
  })
})

/** What ComfyUI added to these nodes after 0.3.64, as its current templates use them. */
const newer: Record<string, { inputs?: string[]; outputs?: string[]; options?: string[] }> = {
  FluxKontextMultiReferenceLatentMethod: { options: ['index_timestep_zero'] },
  ImageScaleToTotalPixels: { inputs: ['resolution_steps'] },
  MaskPreview: { outputs: ['mask'] },
  PreviewAny: { outputs: ['STRING'] },
  PreviewImage: { outputs: ['images'] },
  SaveImage: { outputs: ['images'] },
}

/** `what: ours, ComfyUI theirs`. */
function differences(node: NodeType, theirs: Info[string]): string[] {
  const found: string[] = []
  const compare = (what: string, ours: unknown, expected: unknown) => {
    if (JSON.stringify(ours) !== JSON.stringify(expected))
      found.push(`${what}: ${JSON.stringify(ours)}, ComfyUI ${JSON.stringify(expected)}`)
  }
  const inputs = { ...theirs.input.required, ...theirs.input.optional }
  const added = newer[node.type] ?? {}
  const without = (names: string[], more: string[] = []) => names.filter(n => !more.includes(n))
  const inputNames = without(Object.keys(node.inputs), added.inputs)
  compare('input names', inputNames.sort(), Object.keys(inputs).sort())
  for (const [name, declared] of Object.entries(inputs)) {
    const ours = ourInput(node, name)
    if (!ours) continue
    const expected = comfyInput(declared)
    if (Array.isArray(ours.options)) ours.options = without(ours.options, added.options)
    for (const property in expected)
      if (property !== 'options' || ours.options)
        compare(`${name} ${property}`, ours[property], expected[property])
    compare(`${name} optional`, node.inputs[name].optional ?? false, !theirs.input.required?.[name])
  }
  const outputNames = without(Object.keys(node.outputs), added.outputs)
  const outputTypes = theirs.output.map(kind => (Array.isArray(kind) ? 'COMBO' : kind))
  const ownTypes = outputNames.map(name => node.outputs[name])
  compare('output types', ownTypes, outputTypes)
  compare('output names', outputNames, theirs.output_name)
  const lists = outputNames.map(name => node.listOutputs?.includes(name) ?? false)
  compare('output lists', lists, theirs.output_is_list)
  compare('output node', node.outputNode ?? false, theirs.output_node)
  return found
}
