import { describe, expect, test } from 'vitest'
import type { Catalogue, InputDescription } from './catalogue.ts'
import { CoercionError, coerce } from './coerce.ts'
import { fixturesFolder, readSample } from './fixtures/samples.ts'
import { type Json, type JsonObject, LosslessNumber, plainJson } from './json.ts'
import { nearest } from './nearest.ts'
import { catalogueFromObjectInfo } from './object-info.ts'
import type { Prompt } from './prompt.ts'
import { pythonFloat, pythonRepr } from './python-text.ts'
import { explain, validatePrompt } from './validate.ts'

const info = readSample(fixturesFolder, 'object_info.json') as JsonObject
const loader = info.CheckpointLoaderSimple as { input: { required: { ckpt_name: Json[] } } }
loader.input.required.ckpt_name[0] = ['random_sd15.safetensors', 'tiny_sd15.safetensors']
const catalogue = catalogueFromObjectInfo(info)

interface Case {
  request: { prompt: Json; partial_execution_targets?: string[] }
  status: number
  response: { error?: JsonObject; node_errors: JsonObject }
}
const cases = Object.entries(
  readSample(fixturesFolder, 'api_cases.json') as unknown as Record<string, Case>,
)

/** Without what we do not say: Python's tracebacks. */
const told = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(plainJson(value as Json), (key, item) =>
      key === 'traceback' ? undefined : item,
    ),
  )

describe("answers of ComfyUI's server", () => {
  test.each(cases)('%s', (_, { request, status, response }) => {
    const { prompt, partial_execution_targets } = request
    const { error, nodeErrors } = validatePrompt(prompt, catalogue, partial_execution_targets)
    expect(told(nodeErrors)).toEqual(response.node_errors)
    expect(error === undefined).toBe(status === 200)
    if (error) expect(told(error)).toEqual(response.error)
  })
})

/** EmptyImage → ImageInvert → PreviewImage, with parts replaced. */
const chain = (parts: Record<string, Partial<Prompt[string]>> = {}): Prompt => ({
  1: {
    class_type: 'EmptyImage',
    inputs: { width: 8, height: 8, batch_size: 1, color: 0 },
    ...parts[1],
  },
  2: { class_type: 'ImageInvert', inputs: { image: ['1', 0] }, ...parts[2] },
  3: { class_type: 'PreviewImage', inputs: { images: ['2', 0] }, ...parts[3] },
})
const check = (prompt: Prompt, known = catalogue) => {
  const validation = validatePrompt(prompt, known)
  return { ...validation, problems: explain(validation, prompt, known) }
}

test('values become what the node declares, and only where they were not', () => {
  const width: Json = { __value__: '8' }
  const prompt = chain({
    1: { inputs: { width, height: 8.7, batch_size: true, color: 0, more: [] } },
  })
  const { coerced, goodOutputs } = check(prompt)
  expect(goodOutputs).toEqual(['3'])
  expect(coerced['1']!.inputs).toMatchObject({ width: 8, height: 8, batch_size: 1, color: 0 })
  expect(coerced['2']).toBe(prompt['2'])
})

test('one good output is enough; the other is told', () => {
  const prompt = { ...chain(), 4: { class_type: 'PreviewImage', inputs: {} } }
  const { goodOutputs, nodeErrors, error } = check(prompt)
  expect({ goodOutputs, error }).toEqual({ goodOutputs: ['3'], error: undefined })
  expect(nodeErrors['4']).toMatchObject({ dependent_outputs: ['4'], class_type: 'PreviewImage' })
})

test('a fault shared by outputs names them all; what an output itself lacks is in the details', () => {
  const prompt = {
    ...chain({ 1: { inputs: {} } }),
    4: { class_type: 'PreviewImage', inputs: { images: ['2', 0] } },
  }
  expect(check(prompt).nodeErrors['1']!.dependent_outputs).toEqual(['3', '4'])
  expect(check(chain({ 3: { inputs: {} } })).error!.details).toBe(
    'Required input is missing: images',
  )
})

test('nodes that no output needs are not looked into', () => {
  expect(check({ ...chain(), 9: { class_type: 'ImageInvert', inputs: {} } }).nodeErrors).toEqual({})
})

test('100,000 nodes in a row neither recurse nor crawl', () => {
  const prompt: Prompt = { ...chain() }
  for (let i = 0; i < 100_000; i++) {
    prompt[`n${i}`] = { class_type: 'ImageInvert', inputs: { image: [i ? `n${i - 1}` : '1', 0] } }
  }
  prompt['3'] = { class_type: 'PreviewImage', inputs: { images: ['n99999', 0] } }
  expect(check(prompt).goodOutputs).toEqual(['3'])
  prompt.n0 = { class_type: 'ImageInvert', inputs: { image: ['n99999', 0] } }
  expect(check(prompt).problems).toMatchObject([{ code: 'cycle' }])
})

describe('words for people', () => {
  /** Texts as results, so that a checkpoint has something to serve. */
  const known = { ...catalogue, CLIPTextEncode: { ...catalogue.CLIPTextEncode!, outputNode: true } }
  const encode = (ckpt_name: string, slot: number): Prompt => ({
    1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name } },
    2: { class_type: 'CLIPTextEncode', inputs: { text: 'a', clip: ['1', slot] } },
  })

  test.each<[string, Prompt, { node?: string; input?: string }, RegExp, RegExp]>([
    [
      'a missing model',
      encode('tiny_sd_15.ckpt', 1),
      { node: '1', input: 'ckpt_name' },
      /no checkpoint named "tiny_sd_15.ckpt"/,
      /Nearest: "tiny_sd15.safetensors"/,
    ],
    [
      'the wrong type',
      encode('tiny_sd15.safetensors', 2),
      { node: '2', input: 'clip' },
      /takes CLIP.*CheckpointLoaderSimple.*gives VAE/,
      /CLIP/,
    ],
    [
      'an empty socket',
      chain({ 2: { inputs: {} } }),
      { node: '2', input: 'image' },
      /Nothing is connected/,
      /IMAGE/,
    ],
    [
      'an empty widget',
      chain({ 1: { inputs: { height: 8, batch_size: 1, color: 0 } } }),
      { node: '1', input: 'width' },
      /no value/,
      /Set/,
    ],
    [
      'too small',
      chain({ 1: { inputs: { width: 0, height: 8, batch_size: 1, color: 0 } } }),
      { node: '1', input: 'width' },
      /between 1 and 16384, it is 0/,
      /Correct/,
    ],
    [
      'no number',
      chain({ 1: { inputs: { width: 'wide', height: 8, batch_size: 1, color: 0 } } }),
      { node: '1', input: 'width' },
      /whole number, it is "wide"/,
      /Correct/,
    ],
    [
      'a dead output',
      chain({ 2: { inputs: { image: ['1', 4] } } }),
      { node: '2', input: 'image' },
      /output 4 of node 1 \(EmptyImage\), which has 1/,
      /Connect/,
    ],
    [
      'a dead node',
      chain({ 2: { inputs: { image: ['8', 0] } } }),
      { node: '2', input: 'image' },
      /node 8, which does not exist/,
      /Connect/,
    ],
    [
      'half a link',
      chain({ 2: { inputs: { image: ['1'] } } }),
      { node: '2', input: 'image' },
      /broken/,
      /again/,
    ],
    [
      'a circle',
      chain({ 1: { class_type: 'ImageInvert', inputs: { image: ['2', 0] } } }),
      { node: '1' },
      /Nodes 1 → 2 → 1 wait/,
      /Remove/,
    ],
    [
      'a circle of one',
      chain({ 2: { inputs: { image: ['2', 0] } } }),
      { node: '2' },
      /waits for itself/,
      /Remove/,
    ],
    [
      'an unknown node',
      chain({ 2: { class_type: 'ImagInvert' } }),
      { node: '2' },
      /no node called "ImagInvert"/,
      /Nearest: "ImageInvert"/,
    ],
    ['a node without a type', { 1: {} as Prompt[string] }, { node: '1' }, /class_type/, /again/],
    [
      'no output',
      { 1: chain()['1']! },
      {},
      /Nothing in this workflow makes a result/,
      /Add a node/,
    ],
    [
      'a missing picture',
      {
        1: { class_type: 'LoadImage', inputs: { image: 'exampel.png' } },
        3: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
      },
      { node: '1', input: 'image' },
      /no picture named "exampel.png"/,
      /Drop a picture/,
    ],
  ])('%s', (_, prompt, where, message, hint) => {
    const { problems, goodOutputs } = check(prompt, known)
    expect(goodOutputs).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatchObject(where)
    expect(problems[0]!.message).toMatch(message)
    expect(problems[0]!.hint).toMatch(hint)
  })

  test('every unknown node is named, not the first alone', () => {
    const prompt = chain({ 1: { class_type: 'X1' }, 2: { class_type: 'X2' } })
    expect(check(prompt).problems.map(problem => problem.nodeType)).toEqual(['X1', 'X2'])
  })

  test('nothing wrong, nothing said', () => {
    expect(check(chain()).problems).toEqual([])
  })

  test('an empty models folder says where the file belongs', () => {
    const input: InputDescription = {
      ...catalogue.CheckpointLoaderSimple!.inputs[0]!,
      widget: { kind: 'choice', default: null, options: [], folder: 'checkpoints' },
    }
    const known: Catalogue = {
      ...catalogue,
      CheckpointLoaderSimple: {
        ...catalogue.CheckpointLoaderSimple!,
        inputs: [input],
        outputNode: true,
      },
    }
    const [problem] = check(
      { 1: { class_type: 'CheckpointLoaderSimple', inputs: { ckpt_name: 'a' } } },
      known,
    ).problems
    expect(problem!.hint).toMatch(/folder checkpoints is empty/)
  })
})

test('an upload may lie in a subfolder or another folder', () => {
  const load = (image: string) =>
    check({
      1: { class_type: 'LoadImage', inputs: { image } },
      3: { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    }).goodOutputs
  expect([load('pasted/x.png'), load('x.png [output]'), load('x.png')]).toEqual([['3'], ['3'], []])
})

describe('literals, as Python converts them', () => {
  test.each<[Json, string, Json]>([
    ['8', 'INT', 8],
    [' +1_000 ', 'INT', 1000],
    [-8.7, 'INT', -8],
    [new LosslessNumber('8.0'), 'INT', 8],
    ['18446744073709551615', 'INT', 18446744073709551615n],
    [18446744073709551615n, 'INT', 18446744073709551615n],
    [true, 'FLOAT', 1],
    ['1e-3', 'FLOAT', 0.001],
    [5, 'STRING', '5'],
    [new LosslessNumber('5.0'), 'STRING', '5.0'],
    [null, 'STRING', 'None'],
    [true, 'STRING', 'True'],
    ['false', 'BOOLEAN', true],
    ['', 'BOOLEAN', false],
    [0, 'BOOLEAN', false],
    [{}, 'BOOLEAN', false],
    [[0], 'BOOLEAN', true],
    [5, 'IMAGE', 5],
  ])('%o as %s', (value, type, expected) => {
    expect(coerce(value, type)).toEqual(expected)
  })

  test.each<[Json, string, RegExp]>([
    ['8.5', 'INT', /base 10: '8.5'/],
    [null, 'INT', /not 'NoneType'/],
    [{}, 'FLOAT', /not 'dict'/],
    ['wide', 'FLOAT', /could not convert string to float: 'wide'/],
  ])('%o is no %s', (value, type, message) => {
    expect(() => coerce(value, type)).toThrow(CoercionError)
    expect(() => coerce(value, type)).toThrow(message)
  })
})

test('values as Python prints them', () => {
  expect(pythonRepr(["it's", 'a "b"', `'"`, null, true, 1, 0.5, { a: [] }])).toBe(
    `["it's", 'a "b"', '\\'"', None, True, 1, 0.5, {'a': []}]`,
  )
  expect([8, 0.00001, 1e16, 0.1, -2.5].map(pythonFloat)).toEqual([
    '8.0',
    '1e-05',
    '1e+16',
    '0.1',
    '-2.5',
  ])
})

test('the nearest name', () => {
  const files = ['dreamshaper_8.safetensors', 'sd_xl_base_1.0.safetensors', 'v1-5-pruned.ckpt']
  expect(nearest('SDXL-base.safetensors', files)).toBe('sd_xl_base_1.0.safetensors')
  expect(nearest('v1-5-pruned-emaonly-fp16.safetensors', files)).toBe('v1-5-pruned.ckpt')
  expect(nearest('flux1-dev', files)).toBeUndefined()
  expect(nearest('x', [])).toBeUndefined()
})
