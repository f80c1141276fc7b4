import { describe, expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { type Document, emptyDocument } from './document.ts'
import { addNode, connect, disconnect, rootCanvas, setValue, syncWithCatalogue } from './edit.ts'
import { catalogueFromObjectInfo } from './object-info.ts'
import { documentText, openWorkflow } from './open-workflow.ts'
import { primitiveOf } from './primitive.ts'

const catalogue = {
  ...catalogueFromObjectInfo({
    Sampler: {
      input: {
        required: { seed: ['INT', { default: 7 }], steps: ['INT', { default: 20, min: 1 }] },
      },
      output: ['LATENT'],
      output_node: true,
    },
  }),
  PrimitiveNode: {
    type: 'PrimitiveNode',
    title: 'Primitive',
    category: 'utils',
    about: '',
    inputs: [],
    outputs: [{ name: 'connect to widget input', type: '*' }],
    hidden: {},
    outputNode: false,
    virtual: true,
  },
}

const step = (before: Document, change: (document: Document) => Document) =>
  syncWithCatalogue(change(before), catalogue, before)
const add = (document: Document, type: string) =>
  addNode(document, rootCanvas, { type, x: 0, y: 0 }, catalogue).document
const two = () =>
  setValue(add(add(emptyDocument(), 'Sampler'), 'PrimitiveNode'), rootCanvas, '1', 'steps', 12)
const wire = (input: string) => ({ from: '2', fromSlot: 0, to: '1', input })

describe('a primitive that is connected to a widget', () => {
  test('takes over its value and type, and gives the value to the run', () => {
    const connected = step(two(), document => connect(document, rootCanvas, wire('steps')))
    const primitive = connected.nodes[2]!
    expect(primitive.values).toEqual({ value: 12 })
    expect(primitive.outputs).toEqual([
      { name: 'INT', type: 'INT', rest: { widget: { name: 'steps' } } },
    ])
    expect(primitiveOf(connected, connected, '2', catalogue)!.input.widget).toMatchObject({
      min: 1,
    })
    const changed = step(connected, document => setValue(document, rootCanvas, '2', 'value', 30))
    expect(toPrompt(changed, catalogue).prompt[1]!.inputs.steps).toBe(30)
  })

  test('has the control of a seed', () => {
    const connected = step(two(), document => connect(document, rootCanvas, wire('seed')))
    expect(connected.nodes[2]).toMatchObject({
      values: { value: 7 },
      controls: { value: 'randomize' },
    })
  })

  test('keeps what it holds when it is taken off and put elsewhere', () => {
    const connected = step(two(), document => connect(document, rootCanvas, wire('steps')))
    const [link] = Object.keys(connected.links)
    const loose = step(connected, document => disconnect(document, rootCanvas, [link!]))
    expect(primitiveOf(loose, loose, '2', catalogue)).toBeUndefined()
    expect(loose.nodes[2]!.values).toEqual({ value: 12 })
    const again = step(loose, document => connect(document, rootCanvas, wire('seed')))
    expect(again.nodes[2]!.values).toEqual({ value: 12 })
  })

  test('is written as ComfyUI’s page reads it', () => {
    const connected = step(two(), document => connect(document, rootCanvas, wire('steps')))
    const file = JSON.parse(documentText(connected))
    expect(openWorkflow(documentText(connected), catalogue).document.nodes[2]!.values).toEqual({
      value: 12,
    })
    expect(JSON.stringify(file)).toContain('"widget":{"name":"steps"}')
  })
})

test('a primitive inside a subgraph stands for a widget there', () => {
  const inside = step(two(), document => connect(document, rootCanvas, wire('steps')))
  const { nodes, links } = two()
  const bare: Document = {
    ...emptyDocument(),
    subgraphs: { s: { id: 's', name: 's', nodes, links, groups: [], inputs: [], outputs: [] } },
  }
  const connected = syncWithCatalogue(connect(bare, 's', wire('steps')), catalogue, bare)
  expect(connected.subgraphs.s!.nodes[2]!.values).toEqual(inside.nodes[2]!.values)
})
