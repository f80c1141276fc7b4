import { describe, expect, test } from 'vitest'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import type { Document } from './document.ts'
import { addNode, connect, disconnect, rootCanvas, setMode, setValue } from './edit.ts'
import {
  catalogueOf,
  difference,
  fixturesFolder,
  readSample,
  sampleNames,
  sharedFolder,
} from './fixtures/samples.ts'
import { type Json, type JsonObject, readJson } from './json.ts'
import { catalogueFromObjectInfo } from './object-info.ts'
import { WorkflowError } from './workflow-error.ts'

const catalogue = catalogueOf(fixturesFolder)
const sample = (name: string) => readSample(`${fixturesFolder}/workflows`, `${name}.json`)
const read = (name: string) => readUi(sample(name), catalogue)
const list = (value: Json | undefined) => value as JsonObject[]

/** A workflow of one node, or of the nodes given. */
const workflow = (node: JsonObject | JsonObject[], more: JsonObject = {}): JsonObject => ({
  last_node_id: 9,
  last_link_id: 9,
  nodes: [node].flat().map((one, index) => ({ id: index + 1, type: 'X', ...one })),
  links: [],
  groups: [],
  config: {},
  extra: {},
  version: 0.4,
  ...more,
})
const one = (document: Document) => document.nodes['1']!
const back = (json: JsonObject) => difference(json, writeUi(readUi(json, catalogue), catalogue))

describe('what was not touched comes back exactly', () => {
  test.each(sampleNames(`${fixturesFolder}/workflows`))('%s', name => {
    const json = readSample(`${fixturesFolder}/workflows`, name)
    expect(difference(json, writeUi(readUi(json, catalogue), catalogue))).toBeUndefined()
    // Also when the nodes were not known on reading, or are not on writing.
    expect(difference(json, writeUi(readUi(json, {}), catalogue))).toBeUndefined()
    expect(difference(json, writeUi(readUi(json, catalogue), {}))).toBeUndefined()
  })

  test.skipIf(!sharedFolder)('all of ../shared: workflows and templates', () => {
    const core = catalogueOf(sharedFolder!)
    const failed: string[] = []
    let total = 0
    for (const folder of ['workflows', 'templates']) {
      for (const name of sampleNames(`${sharedFolder}/${folder}`)) {
        total++
        const json = readSample(`${sharedFolder}/${folder}`, name)
        const where = difference(json, writeUi(readUi(json, core), core))
        if (where) failed.push(`${name} ${where}`)
      }
    }
    console.log(`round trips: ${total - failed.length} of ${total} deep-equal`)
    expect(failed).toEqual([])
    expect(total).toBeGreaterThanOrEqual(522)
  })

  test.each<[string, JsonObject]>([
    ['typed arrays as objects', workflow({ pos: { 0: 3, 1: 4 }, size: { 0: 200, 1: 80 } })],
    [
      'floats spelled as floats',
      readJson('{"nodes":[{"id":1,"type":"X","pos":[3.0,4]}],"links":[]}') as JsonObject,
    ],
    ['a node with nothing but id and type', workflow({})],
    ['modes 1 and 3', workflow([{ mode: 1 }, { mode: 3 }])],
    [
      'null where lists are expected',
      workflow({ widgets_values: null, outputs: [{ name: 'a', type: 'A', links: null }] }),
    ],
    ['widget values by name', workflow({ widgets_values: { frame_rate: 8, format: 'gif' } })],
    [
      'types that are numbers, lists or null',
      workflow({
        inputs: [
          { name: 'a', type: ['x', 'y'], link: null },
          { name: 'b', type: -1, link: null },
        ],
      }),
    ],
    [
      'links to nothing',
      workflow({
        inputs: [{ name: 'a', type: 'A', link: 7 }],
        outputs: [{ name: 'b', type: 'B', links: [8] }],
      }),
    ],
    ['a link that nobody names', workflow([{}, {}], { links: [[3, 1, 0, 2, 0, 'A']] })],
    [
      'ids that are words',
      workflow(
        [
          { id: 'a', outputs: [{ name: 'o', type: 'A', links: ['l'] }] },
          { id: 'b', inputs: [{ name: 'i', type: 'A', link: 'l' }] },
        ],
        { links: [['l', 'a', 0, 'b', 0, 'A']] },
      ),
    ],
    [
      'a link with more entries',
      workflow(
        [
          { outputs: [{ name: 'o', type: 'A', links: [1] }] },
          { inputs: [{ name: 'i', type: 'A', link: 1 }] },
        ],
        { links: [[1, 1, 0, 2, 0, 'A', 'more']] },
      ),
    ],
    [
      'a link whose target slot moved',
      workflow(
        [
          { outputs: [{ name: 'o', type: 'A', links: [1] }] },
          { inputs: [{ name: 'i', type: 'A', link: 1 }] },
        ],
        { links: [[1, 1, 0, 2, 5, 'A']] },
      ),
    ],
    [
      'links as objects in an old schema',
      workflow(
        [
          { outputs: [{ name: 'o', type: 'A', links: [1] }] },
          { inputs: [{ name: 'i', type: 'A', link: 1 }] },
        ],
        {
          links: [
            {
              id: 1,
              origin_id: 1,
              origin_slot: 0,
              target_id: 2,
              target_slot: 0,
              type: 'A',
              parentId: 4,
            },
          ],
        },
      ),
    ],
    [
      'groups, floats in their boxes',
      workflow(
        {},
        {
          groups: [
            {
              id: 1,
              title: 'G',
              bounding: [1.5, 2, 3, 4],
              color: '#fff',
              font_size: 24,
              flags: { pinned: true },
            },
          ],
        },
      ),
    ],
    ['no groups at all', { nodes: [], links: [] }],
    ['definitions without subgraphs', workflow({}, { definitions: { other: 1 } })],
    [
      'what we have never heard of',
      workflow(
        { showAdvanced: true, properties: { ver: '1.0' } },
        { models: [{ name: 'm' }], mystery: { deep: [1, null] } },
      ),
    ],
  ])('%s', (_, json) => {
    expect(back(json)).toBeUndefined()
  })

  test('schema 1.0: links as objects, reroutes, floating links, state', () => {
    const json: JsonObject = {
      id: '0b7e',
      revision: 2,
      version: 1,
      config: {},
      state: { lastGroupId: 1, lastNodeId: 2, lastLinkId: 5, lastRerouteId: 3 },
      nodes: [
        {
          id: 2,
          type: 'PreviewImage',
          pos: [400, 0],
          size: [200, 200],
          flags: {},
          order: 1,
          mode: 0,
          inputs: [{ name: 'images', type: 'IMAGE', link: 5 }],
          outputs: [],
          properties: {},
          widgets_values: [],
        },
        {
          id: 1,
          type: 'LoadImage',
          pos: [0, 0],
          size: [200, 200],
          flags: { collapsed: true, pinned: true },
          order: 0,
          mode: 0,
          inputs: [],
          outputs: [
            { name: 'IMAGE', type: 'IMAGE', links: [5] },
            { name: 'MASK', type: 'MASK', links: null },
          ],
          properties: {},
          widgets_values: ['example.png', 'image'],
        },
      ],
      links: [
        {
          id: 5,
          origin_id: 1,
          origin_slot: 0,
          target_id: 2,
          target_slot: 0,
          type: 'IMAGE',
          parentId: 3,
        },
      ],
      reroutes: [{ id: 3, pos: [300, 20], linkIds: [5] }],
      floatingLinks: [
        {
          id: 4,
          origin_id: 1,
          origin_slot: 1,
          target_id: -1,
          target_slot: -1,
          type: 'MASK',
          parentId: 3,
        },
      ],
      groups: [],
      extra: {},
    }
    expect(back(json)).toBeUndefined()
    const document = readUi(json, catalogue)
    expect(document.links['5']).toMatchObject({ from: '1', to: '2', toSlot: 0 })
    expect(document.nodes['1']).toMatchObject({ collapsed: true, values: { image: 'example.png' } })
    const edited = addNode(document, rootCanvas, { type: 'ImageInvert', x: 0, y: 0 }, catalogue)
    const wire = { from: '1', fromSlot: 0, to: edited.id, input: 'image' }
    const written = writeUi(connect(edited.document, rootCanvas, wire), catalogue)
    expect(written.state).toMatchObject({ lastNodeId: 3, lastLinkId: 6 })
    expect(list(written.links)[1]).toMatchObject({ id: 6, origin_id: 1, target_id: 3 })
  })

  test('definitions within definitions', () => {
    const inner = { id: 'inner', name: 'Inner', nodes: [], links: [], inputs: [], outputs: [] }
    const outer = {
      id: 'outer',
      name: 'Outer',
      nodes: [{ id: 1, type: 'inner' }],
      links: [],
      inputs: [],
      outputs: [],
      definitions: { subgraphs: [inner] },
    }
    const json = workflow({ type: 'outer' }, { definitions: { subgraphs: [outer] } })
    expect(Object.keys(readUi(json, catalogue).subgraphs)).toEqual(['outer', 'inner'])
    expect(back(json)).toBeUndefined()
  })
})

describe('values by name', () => {
  test('a known node: in the order of its widgets, controls apart', () => {
    expect(read('default').nodes['3']).toMatchObject({
      values: {
        seed: 156680208700286,
        steps: 20,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      },
      controls: { seed: 'randomize' },
    })
  })

  test.each<[string, Json[], JsonObject]>([
    ['with the word', [7, 'fixed', 20, 8, 'euler', 'normal', 1], { seed: 'fixed' }],
    ['with false', [7, false, 20, 8, 'euler', 'normal', 1], { seed: 'fixed' }],
    ['without one', [7, 20, 8, 'euler', 'normal', 1], {}],
  ])('a control %s does not shift what follows', (_, widgets_values, controls) => {
    const node = one(readUi(workflow({ type: 'KSampler', widgets_values }), catalogue))
    expect(node.values).toMatchObject({ seed: 7, steps: 20, sampler_name: 'euler', denoise: 1 })
    expect(node.controls ?? {}).toEqual(controls)
    expect(back(workflow({ type: 'KSampler', widgets_values }))).toBeUndefined()
  })

  test('more values than the node is known to have are kept', () => {
    const json = workflow({ type: 'EmptyLatentImage', widgets_values: [512, 512, 1, 'new'] })
    expect(one(readUi(json, catalogue)).values).toEqual({
      width: 512,
      height: 512,
      batch_size: 1,
      widget_3: 'new',
    })
  })

  test('an unknown node: names of its own, or of its sockets, or stand-ins with the seed found', () => {
    const unnamed = workflow({ widgets_values: ['a', 5, 'randomize', true] })
    expect(one(readUi(unnamed, {}))).toMatchObject({
      values: { widget_0: 'a', widget_1: 5, widget_3: true },
      controls: { widget_1: 'randomize' },
    })
    const sockets = [
      { name: 'text', type: 'STRING', widget: { name: 'text' }, link: null },
      { name: 'seed', type: 'INT', widget: { name: 'seed' }, link: null },
    ]
    expect(
      one(readUi(workflow({ inputs: sockets, widgets_values: ['a', 5, 'fixed'] }), {})),
    ).toMatchObject({
      values: { text: 'a', seed: 5 },
      controls: { seed: 'fixed' },
    })
    const named = workflow({
      widgets_values: ['a', 5, 'fixed'],
      widgets_values_named: { text: 'a', noise: 5, control_after_generate: 'fixed' },
    })
    expect(one(readUi(named, {}))).toMatchObject({
      values: { text: 'a', noise: 5 },
      controls: { noise: 'fixed' },
    })
  })

  test('a subgraph: named by the inputs that lead to widgets', () => {
    const node = Object.values(read('image_qwen_image_edit_2509_relight').nodes).find(n =>
      n.type.startsWith('3a756f48'),
    )!
    expect(node.values).toMatchObject({
      prompt: '',
      lora_name: 'Qwen-Image-Edit-2509-Relight.safetensors',
      seed: 1118877715456453,
    })
  })

  test('a seed past 2^53 stays exact', () => {
    const text =
      '{"nodes":[{"id":1,"type":"KSampler","widgets_values":[18446744073709551615,"fixed",20,8.0,"euler","normal",1]}],"links":[]}'
    const document = readUi(readJson(text) as JsonObject, catalogue)
    expect(one(document).values.seed).toBe(18446744073709551615n)
  })
})

describe('what was changed', () => {
  test('one value: only that entry, and its named copy', () => {
    const json = workflow({
      type: 'KSampler',
      widgets_values: [7, true, 20, 8, 'euler', 'normal', 1],
      widgets_values_named: {
        seed: 7,
        control_after_generate: true,
        steps: 20,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'normal',
        denoise: 1,
      },
      extra: 'kept',
    })
    const written = writeUi(
      setValue(readUi(json, catalogue), rootCanvas, '1', 'steps', 30),
      catalogue,
    )
    const node = list(written.nodes)[0]!
    expect(node.widgets_values).toEqual([7, true, 30, 8, 'euler', 'normal', 1])
    expect(node.widgets_values_named).toMatchObject({ steps: 30, control_after_generate: true })
    expect(node.extra).toBe('kept')
  })

  test('a removed link leaves both slots and the list, the rest stands', () => {
    const json = sample('default')
    const written = writeUi(disconnect(readUi(json, catalogue), rootCanvas, ['5']), catalogue)
    const [before, after] = [json, written].map(w => new Map(list(w.nodes).map(n => [n.id, n])))
    expect(list(after!.get(7)!.inputs)[0]!.link).toBeNull()
    expect(list(after!.get(4)!.outputs)[1]!.links).toEqual([3])
    expect(list(written.links)).toHaveLength(8)
    expect(difference(before!.get(3), after!.get(3))).toBeUndefined()
  })

  test('the mode, where the file had one of its own', () => {
    const document = readUi(workflow({ mode: 3 }), catalogue)
    expect(
      list(writeUi(setMode(document, rootCanvas, ['1'], 'mute'), catalogue).nodes)[0]!.mode,
    ).toBe(2)
  })
})

test('a node of ours is written as ComfyUI writes its own', () => {
  const empty: Document = { nodes: {}, links: {}, groups: [], subgraphs: {} }
  const latent = addNode(empty, rootCanvas, { type: 'EmptyLatentImage', x: 10, y: 20 }, catalogue)
  const sampler = addNode(
    latent.document,
    rootCanvas,
    { type: 'KSampler', x: 400, y: 20 },
    catalogue,
  )
  const wire = { from: latent.id, fromSlot: 0, to: sampler.id, input: 'latent_image' }
  const json = writeUi(connect(sampler.document, rootCanvas, wire), catalogue)
  expect(json).toMatchObject({
    last_node_id: 2,
    last_link_id: 1,
    version: 0.4,
    links: [[1, 1, 0, 2, 3, 'LATENT']],
  })
  expect(list(json.nodes)[1]).toMatchObject({
    id: 2,
    type: 'KSampler',
    pos: [400, 20],
    flags: {},
    order: 1,
    mode: 0,
    properties: { 'Node name for S&R': 'KSampler' },
    widgets_values: [0, 'randomize', 20, 8, 'euler', 'simple', 1],
  })
  expect(list(list(json.nodes)[1]!.inputs)[3]).toEqual({
    name: 'latent_image',
    type: 'LATENT',
    link: 1,
  })
  expect(list(list(json.nodes)[0]!.outputs)[0]).toMatchObject({ links: [1] })
  expect(back(json)).toBeUndefined()
})

test('two nodes of one id are both kept', () => {
  const document = readUi(workflow([{ id: 1 }, { id: 1 }]), catalogue)
  expect(Object.keys(document.nodes)).toEqual(['1', '1_1'])
})

test('no list of nodes is no workflow', () => {
  expect(() => readUi({ links: [] }, catalogue)).toThrow(WorkflowError)
})

test('a node that was given a picture is written with its upload button', () => {
  const empty: Document = { nodes: {}, links: {}, groups: [], subgraphs: {} }
  const { document } = addNode(empty, rootCanvas, { type: 'LoadImage', x: 0, y: 0 }, catalogue)
  const [written] = list(writeUi(document, catalogue).nodes)
  expect(written!.widgets_values).toEqual(['example.png', 'image'])
})

test('the button stands behind all that is required', () => {
  const known = catalogueFromObjectInfo({
    LoadImageMask: {
      input: {
        required: { image: [['a.png'], { image_upload: true }], channel: [['alpha', 'red']] },
      },
      output: ['MASK'],
    },
  })
  const json = workflow({ type: 'LoadImageMask', widgets_values: ['a.png', 'red', 'image'] })
  expect(one(readUi(json, known)).values).toEqual({
    image: 'a.png',
    channel: 'red',
    upload: 'image',
  })
})
