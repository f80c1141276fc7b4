import { describe, expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { type Document, emptyDocument } from './document.ts'
import { addNode, connect, rootCanvas, setValue, syncWithCatalogue } from './edit.ts'
import { type JsonObject, plainJson } from './json.ts'
import { catalogueFromObjectInfo, objectInfoOf } from './object-info.ts'
import { documentText, openWorkflow } from './open-workflow.ts'
import { validatePrompt } from './validate.ts'

/** As a ComfyUI describes them: a choice that brings inputs, and a row that grows. */
const raw: JsonObject = {
  Resize: {
    input: {
      required: {
        input: ['IMAGE'],
        how: [
          'COMFY_DYNAMICCOMBO_V3',
          {
            options: [
              {
                key: 'to size',
                inputs: { required: { width: ['INT', { default: 512 }], crop: [['no', 'yes']] } },
              },
              {
                key: 'by',
                inputs: {
                  required: {
                    factor: ['FLOAT', { default: 2, min: 0 }],
                    width: ['INT', { default: 8 }],
                  },
                },
              },
              { key: 'like', inputs: { required: { match: ['IMAGE'], crop: [['no', 'yes']] } } },
            ],
          },
        ],
        method: [['area', 'lanczos']],
      },
    },
    output: ['IMAGE'],
    output_node: true,
  },
  Batch: {
    input: {
      required: {
        images: [
          'COMFY_AUTOGROW_V3',
          {
            template: {
              input: { required: { image: ['IMAGE', {}] } },
              prefix: 'image',
              min: 1,
              max: 4,
            },
          },
        ],
      },
    },
    output: ['IMAGE'],
    output_node: true,
  },
  Source: { input: { required: {} }, output: ['IMAGE'] },
}
const catalogue = catalogueFromObjectInfo(raw)

const added = (...types: string[]) =>
  types.reduce(
    (document: Document, type) =>
      addNode(document, rootCanvas, { type, x: 0, y: 0 }, catalogue).document,
    emptyDocument(),
  )
const names = (document: Document, id: string) => document.nodes[id]!.inputs.map(({ name }) => name)
const edited = (before: Document, change: (document: Document) => Document) =>
  syncWithCatalogue(change(before), catalogue, before)

describe('a choice that brings inputs', () => {
  test('reads as flat inputs, one where options share it', () => {
    expect(catalogue.Resize!.inputs.map(({ name, when }) => [name, when?.is])).toEqual([
      ['input', undefined],
      ['how', undefined],
      ['how.width', ['to size']],
      ['how.crop', ['to size', 'like']],
      ['how.factor', ['by']],
      ['how.width', ['by']],
      ['how.match', ['like']],
      ['method', undefined],
    ])
  })

  test('another option brings its inputs and their values', () => {
    const before = added('Resize')
    expect(names(before, '1')).toEqual(['input', 'how', 'how.width', 'how.crop', 'method'])
    const after = edited(before, document => setValue(document, rootCanvas, '1', 'how', 'by'))
    expect(names(after, '1').at(-1)).toBe('how.factor')
    const { prompt } = toPrompt(after, catalogue)
    expect(prompt[1]!.inputs).toEqual({
      how: 'by',
      'how.factor': 2,
      'how.width': 512,
      method: 'area',
    })
  })

  test.each([
    ['to size', { 'how.width': 64, 'how.crop': 'no' }, ['to size', 64, 'no', 'area']],
    ['by', { 'how.factor': 3, 'how.width': 7 }, ['by', 3, 7, 'area']],
    ['like', { 'how.crop': 'yes' }, ['like', 'yes', 'area']],
  ])('“%s” is read from positions and written back', (how, values, positional) => {
    const file = JSON.stringify({
      nodes: [{ id: 1, type: 'Resize', inputs: [], outputs: [], widgets_values: positional }],
      links: [],
      version: 0.4,
    })
    const { document } = openWorkflow(file, catalogue)
    expect(plainJson(document.nodes[1]!.values)).toEqual({ how, ...values, method: 'area' })
    const again = syncWithCatalogue(document, catalogue)
    const written = JSON.parse(documentText(again))
    expect(openWorkflow(JSON.stringify(written), catalogue).document.nodes[1]!.values).toEqual(
      again.nodes[1]!.values,
    )
  })

  test.each([
    [{ how: 'by', 'how.factor': -1, 'how.width': 1 }, ['how.factor']],
    [{ how: 'by', 'how.factor': 1, 'how.width': 1, 'how.match': 'ignored' }, []],
    [{ how: 'to size', 'how.crop': 'no' }, ['how.width']],
    [{ how: 'other' }, ['how']],
  ])('%o is held against the inputs of its option', (inputs, wrong) => {
    const prompt = {
      1: { class_type: 'Resize', inputs: { input: ['2', 0], method: 'area', ...inputs } },
      2: { class_type: 'Source', inputs: {} },
    }
    const { nodeErrors } = validatePrompt(prompt as never, catalogue)
    const errors = nodeErrors[1]?.errors.map(({ extra_info }) => extra_info.input_name) ?? []
    expect(errors).toEqual(wrong)
  })
})

describe('a row that grows', () => {
  const wire = (to: number) => ({ from: '1', fromSlot: 0, to: '2', input: `images.image${to}` })

  test('has the required socket and one more than are connected', () => {
    const before = added('Source', 'Batch')
    expect(names(before, '2')).toEqual(['images.image0', 'images.image1'])
    const one = edited(before, document => connect(document, rootCanvas, wire(0)))
    expect(names(one, '2')).toHaveLength(2)
    let all = one
    for (const to of [1, 2, 3])
      all = edited(all, document => connect(document, rootCanvas, wire(to)))
    expect(names(all, '2')).toEqual([0, 1, 2, 3].map(i => `images.image${i}`))
    const { prompt } = toPrompt(all, catalogue)
    expect(prompt[2]!.inputs['images.image3']).toEqual(['1', 0])
    expect(validatePrompt(prompt, catalogue).goodOutputs).toEqual(['2'])
  })

  test('asks for the required ones', () => {
    const { nodeErrors } = validatePrompt({ 2: { class_type: 'Batch', inputs: {} } }, catalogue)
    expect(nodeErrors[2]!.errors.map(({ details }) => details)).toEqual(['images.image0'])
  })
})

test('object_info nests them again', () => {
  const again = objectInfoOf(catalogue) as typeof raw
  const inputs = (node: string, from: JsonObject) =>
    plainJson((from[node] as JsonObject).input as JsonObject)
  expect(catalogueFromObjectInfo(again).Resize!.inputs).toEqual(catalogue.Resize!.inputs)
  expect(catalogueFromObjectInfo(again).Batch!.inputs).toEqual(catalogue.Batch!.inputs)
  expect(Object.keys((inputs('Resize', again) as { required: object }).required)).toEqual([
    'input',
    'how',
    'method',
  ])
  expect(inputs('Batch', again)).toMatchObject({
    required: { images: ['COMFY_AUTOGROW_V3', { template: { prefix: 'image', min: 1, max: 4 } }] },
  })
})
