import { describe, expect, test } from 'vitest'
import { hasControl, hasWidget, typesMatch } from './catalogue.ts'
import { fixturesFolder, readSample, sharedFolder } from './fixtures/samples.ts'
import { type JsonObject, plainJson, readJson, sameJson, writeJson } from './json.ts'
import { catalogueFromObjectInfo, inputSpec, objectInfoOf } from './object-info.ts'

const raw = readSample(fixturesFolder, 'object_info.json')
const catalogue = catalogueFromObjectInfo(raw)
const input = (type: string, name: string) =>
  catalogue[type]!.inputs.find(input => input.name === name)!

test('KSampler reads as a person would describe it', () => {
  const { title, category, inputs, outputs, outputNode } = catalogue.KSampler!
  expect({ title, category, outputNode }).toEqual({
    title: 'KSampler',
    category: 'sampling',
    outputNode: false,
  })
  expect(inputs.map(({ name, type }) => `${name}:${type}`)).toEqual([
    'model:MODEL',
    'seed:INT',
    'steps:INT',
    'cfg:FLOAT',
    'sampler_name:COMBO',
    'scheduler:COMBO',
    'positive:CONDITIONING',
    'negative:CONDITIONING',
    'latent_image:LATENT',
    'denoise:FLOAT',
  ])
  expect(outputs).toEqual([{ name: 'LATENT', type: 'LATENT' }])
})

test('a seed reaches 2^64-1 exactly, both ways', () => {
  const seed = input('KSampler', 'seed')
  expect(seed.widget).toMatchObject({ kind: 'int', max: 18446744073709551615n, seed: true })
  expect(hasControl(seed)).toBe(true)
  expect(writeJson(objectInfoOf(catalogue))).toContain('"max":18446744073709551615')
})

test('floats are written as floats', () => {
  expect(writeJson(inputSpec(input('KSampler', 'cfg')))).toBe(
    '["FLOAT",{"default":8.0,"min":0.0,"max":100.0,"step":0.1,"round":0.01}]',
  )
})

test('an uploadable choice says so', () => {
  expect(input('LoadImage', 'image').widget).toMatchObject({ kind: 'choice', upload: 'image' })
})

test('spellings of a choice, forced sockets, hidden inputs', () => {
  const node = (required: JsonObject): JsonObject => ({
    X: {
      input: { required, hidden: { id: ['UNIQUE_ID'], other: 'SOMETHING' } },
      output: [['a'], 'IMAGE'],
      output_name: ['choice', 'IMAGE'],
      display_name: null,
    },
  })
  const { X } = catalogueFromObjectInfo(
    node({
      one: ['COMBO', { options: ['a', 'b'], default: 'b', multiselect: false }],
      two: [['a', 'b'], { default: 'b' }],
      three: ['INT', { forceInput: true, default: 3 }],
      four: ['STRING', { multiline: true }],
      five: ['BOOLEAN', { label_on: 'yes' }],
    }),
  )
  const [one, two, three, four, five] = X!.inputs
  expect(one!.widget).toEqual(two!.widget)
  expect(one!.spec).toEqual(['COMBO', { options: ['a', 'b'], default: 'b', multiselect: false }])
  expect(two!.spec).toBeUndefined()
  expect([one, two, three, four, five].map(input => hasWidget(input!))).toEqual([
    true,
    true,
    false,
    true,
    true,
  ])
  expect(four!.widget).toMatchObject({ kind: 'text', multiline: true })
  expect(five!.widget).toMatchObject({ kind: 'toggle', on: 'yes' })
  expect(X!.hidden).toEqual({ id: 'UNIQUE_ID' })
  expect(X!.title).toBe('X')
  expect(X!.outputs.map(output => output.type)).toEqual(['COMBO', 'IMAGE'])
})

test('virtual nodes are not told to clients', () => {
  const { KSampler } = catalogue
  expect(objectInfoOf({ KSampler: { ...KSampler!, virtual: true } })).toEqual({})
})

test.each([
  ['IMAGE', 'IMAGE', true],
  ['IMAGE', 'MASK', false],
  ['*', 'MASK', true],
  ['IMAGE', '*', true],
  ['INT', 'FLOAT,INT', true],
  ['INT, FLOAT', 'STRING,FLOAT', true],
  ['INT', 'STRING,FLOAT', false],
])('%s into %s: %s', (from, to, fits) => {
  expect(typesMatch(from, to)).toBe(fits)
})

describe.each([
  ['the copied nodes', fixturesFolder],
  ...(sharedFolder ? [['all core nodes', sharedFolder]] : []),
])('%s', (_, folder) => {
  test('inputs, outputs and flags come back as they were', () => {
    const all = readSample(folder!, 'object_info.json')
    const back = objectInfoOf(catalogueFromObjectInfo(all))
    expect(Object.keys(back)).toEqual(Object.keys(all))
    for (const [type, node] of Object.entries(all) as [string, JsonObject][]) {
      const again = back[type] as JsonObject
      for (const key of ['output', 'output_is_list', 'output_name', 'category', 'output_node']) {
        expect(again[key], `${type}.${key}`).toEqual(node[key])
      }
      for (const section of ['required', 'optional'] as const) {
        const [was, is] = [node.input, again.input].map(input => (input as JsonObject)[section])
        const same = sameJson(plainJson(was ?? {}), plainJson(is ?? {}))
        expect(same, `${type}.${section} ${writeJson(is)}`).toBe(true)
      }
    }
  })
})

test('what is no node is left out', () => {
  expect(
    catalogueFromObjectInfo(readJson('{"a":1,"b":{},"c":{"input":[]}}') as JsonObject),
  ).toEqual({})
})
