import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import { type Document, emptyDocument, type Graph } from './document.ts'
import * as edit from './edit.ts'
import { catalogueOf, fixturesFolder, readSample } from './fixtures/samples.ts'
import { record, redo, startHistory, undo } from './history.ts'

const catalogue = catalogueOf(fixturesFolder)
const { rootCanvas } = edit
const add = (document: Document, type: string, x = 0, y = 0) =>
  edit.addNode(document, rootCanvas, { type, x, y }, catalogue)

/** EmptyImage (1) → ImageInvert (2) → PreviewImage (3). */
function chain(): Document {
  let { document } = add(emptyDocument(), 'EmptyImage')
  document = add(document, 'ImageInvert', 300).document
  document = add(document, 'PreviewImage', 600, 50).document
  document = edit.connect(document, rootCanvas, { from: '1', fromSlot: 0, to: '2', input: 'image' })
  return edit.connect(document, rootCanvas, { from: '2', fromSlot: 0, to: '3', input: 'images' })
}
const ends = ({ links }: Graph) =>
  Object.values(links).map(link => `${link.from}.${link.fromSlot}>${link.to}.${link.toSlot}`)

describe('nodes', () => {
  test('begin with the defaults of their type, seeds set to randomise', () => {
    const { document, id } = add(emptyDocument(), 'KSampler', 10, 20)
    expect(document.nodes[id]).toMatchObject({
      type: 'KSampler',
      x: 10,
      y: 20,
      mode: 'always',
      values: {
        seed: 0,
        steps: 20,
        cfg: 8,
        sampler_name: 'euler',
        scheduler: 'simple',
        denoise: 1,
      },
      controls: { seed: 'randomize' },
    })
    const names = document.nodes[id]!.inputs.map(slot => slot.name)
    expect(names.slice(0, 5)).toEqual(['model', 'positive', 'negative', 'latent_image', 'seed'])
    expect(document.nodes[id]!.inputs[4]!.widget).toBe('seed')
  })

  test('take values and a title; one that stands for a subgraph has its ports', () => {
    const sub = {
      id: 's',
      name: 'S',
      inputs: [{ id: 'p', name: 'image', type: 'IMAGE' }],
      outputs: [],
      nodes: {},
      links: {},
      groups: [],
    }
    const base = { ...emptyDocument(), subgraphs: { s: sub } }
    const { document, id } = edit.addNode(
      base,
      rootCanvas,
      { type: 's', x: 0, y: 0, title: 'Mine', values: { a: 1 } },
      catalogue,
    )
    expect(document.nodes[id]).toMatchObject({
      title: 'Mine',
      values: { a: 1 },
      inputs: [{ name: 'image', type: 'IMAGE' }],
    })
  })

  test('ids are never used again, across canvases and counters of the file', () => {
    const inner = {
      id: 's',
      name: 'S',
      inputs: [],
      outputs: [],
      nodes: { 70: chain().nodes['1']! },
      links: {},
      groups: [],
    }
    const document: Document = { ...chain(), subgraphs: { s: inner }, rest: { last_node_id: 90 } }
    expect(add(document, 'ImageInvert').id).toBe('91')
    expect(add({ ...document, rest: {} }, 'ImageInvert').id).toBe('71')
  })

  test('removing one takes its links, heals nothing, leaves others as they are', () => {
    const before = chain()
    const after = edit.removeNodes(before, rootCanvas, ['2', 'nobody'])
    expect(Object.keys(after.nodes)).toEqual(['1', '3'])
    expect(ends(after)).toEqual([])
    expect(after.nodes['1']).toBe(before.nodes['1'])
    expect(edit.removeNodes(before, rootCanvas, ['nobody'])).toBe(before)
  })
})

describe('wires', () => {
  const wire = (from: string, to: string, input: string, fromSlot = 0) => ({
    from,
    fromSlot,
    to,
    input,
  })

  test.each<[string, edit.Wire, RegExp]>([
    ['types that do not fit', wire('1', '1', 'width'), /IMAGE does not fit INT/],
    ['a circle', wire('2', '2', 'image'), /circle/],
    ['a long circle', wire('4', '2', 'image'), /circle/],
    ['no such input', wire('1', '2', 'mask'), /no input "mask"/],
    ['no such output', wire('1', '2', 'image', 3), /no such output/],
  ])('refused: %s', (_, asked, message) => {
    const document = edit.connect(
      add(chain(), 'ImageInvert').document,
      rootCanvas,
      wire('2', '4', 'image'),
    )
    expect(edit.refusal(document, rootCanvas, asked)).toMatch(message)
    expect(() => edit.connect(document, rootCanvas, asked)).toThrow(edit.EditError)
  })

  test('an input takes one: the new replaces the old; the same again changes nothing', () => {
    const before = chain()
    const after = edit.connect(before, rootCanvas, wire('1', '3', 'images'))
    expect(ends(after)).toEqual(['1.0>2.0', '1.0>3.0'])
    expect(edit.connect(after, rootCanvas, wire('1', '3', 'images'))).toBe(after)
    expect(after.nodes).toBe(before.nodes)
  })

  test('into a widget', () => {
    const { document, id } = add(chain(), 'PrimitiveInt')
    const wired = edit.connect(document, rootCanvas, wire(id, '1', 'width'))
    expect(toPrompt(wired, catalogue).prompt['1']!.inputs.width).toEqual([id, 0])
  })

  test('disconnect', () => {
    const before = chain()
    expect(ends(edit.disconnect(before, rootCanvas, ['1']))).toEqual(['2.0>3.0'])
    expect(edit.disconnect(before, rootCanvas, ['77'])).toBe(before)
  })

  test("to and from a subgraph's own ends", () => {
    const sub = {
      id: 's',
      name: 'S',
      inputs: [{ id: 'p', name: 'in', type: 'IMAGE' }],
      outputs: [{ id: 'q', name: 'out', type: 'IMAGE' }],
      ...chain(),
      links: {},
    }
    let document: Document = { ...emptyDocument(), subgraphs: { s: sub } }
    document = edit.connect(document, 's', wire('-10', '2', 'image'))
    document = edit.connect(document, 's', wire('2', '-20', 'out'))
    expect(ends(document.subgraphs.s!)).toEqual(['-10.0>2.0', '2.0>-20.0'])
  })
})

test('what changes nothing answers the same document', () => {
  const document = edit.setControl(
    add(chain(), 'KSampler').document,
    rootCanvas,
    '4',
    'seed',
    'fixed',
  )
  const unchanged = [
    edit.setValue(document, rootCanvas, '1', 'width', 512),
    edit.setControl(document, rootCanvas, '4', 'seed', 'fixed'),
    edit.moveNodes(document, rootCanvas, { 1: { x: 0, y: 0 } }),
    edit.resizeNode(document, rootCanvas, '1', document.nodes['1']!),
    edit.renameNode(document, rootCanvas, '1', ' '),
    edit.setMode(document, rootCanvas, ['1', '2'], 'always'),
    edit.setCollapsed(document, rootCanvas, ['1'], false),
    edit.setColor(document, rootCanvas, ['1'], undefined),
    edit.setValue(document, rootCanvas, 'nobody', 'width', 1),
  ]
  for (const same of unchanged) expect(same).toBe(document)
})

test('looks and values, one node each', () => {
  const before = chain()
  let after = edit.setValue(before, rootCanvas, '1', 'width', 64)
  after = edit.moveNodes(after, rootCanvas, { 1: { x: 5, y: 6 } })
  after = edit.resizeNode(after, rootCanvas, '1', { width: 300, height: 200 })
  after = edit.renameNode(after, rootCanvas, '1', 'Canvas')
  after = edit.setMode(after, rootCanvas, ['1'], 'bypass')
  after = edit.setCollapsed(after, rootCanvas, ['1'], true)
  after = edit.setColor(after, rootCanvas, ['1'], '#232')
  expect(after.nodes['1']).toMatchObject({
    values: { width: 64, height: 512 },
    x: 5,
    y: 6,
    width: 300,
    height: 200,
    title: 'Canvas',
    mode: 'bypass',
    collapsed: true,
    color: '#232',
  })
  expect(after.nodes['2']).toBe(before.nodes['2'])
  expect(edit.renameNode(after, rootCanvas, '1', '').nodes['1']).not.toHaveProperty('title')
  expect(before.nodes['1']).toMatchObject({ values: { width: 512 }, mode: 'always' })
})

test('groups', () => {
  const group = { title: 'G', x: 0, y: 0, width: 10, height: 10 }
  const added = edit.addGroup(chain(), rootCanvas, group)
  const changed = edit.changeGroup(added, rootCanvas, 0, { title: 'H' })
  expect(changed.groups).toEqual([{ ...group, title: 'H' }])
})

test('a subgraph that is gone is said in words', () => {
  expect(() => edit.setMode(chain(), 'gone', ['1'], 'mute')).toThrow(/no longer part/)
})

describe('copying', () => {
  test('new ids, inner links, the corner where it was asked for', () => {
    const { document, ids } = edit.pasteNodes(
      chain(),
      rootCanvas,
      edit.copyNodes(chain(), rootCanvas, ['2', '3']),
      { x: 1000, y: 0 },
    )
    expect(ids).toEqual(['4', '5'])
    expect(ends(document)).toEqual(['1.0>2.0', '2.0>3.0', '4.0>5.0'])
    expect([document.nodes['4']!.x, document.nodes['5']!.x]).toEqual([1000, 1300])
  })

  test('duplicates lie beside; nodes from a file lose what tied them to their place', () => {
    const opened = readUi(readSample(`${fixturesFolder}/workflows`, 'default.json'), catalogue)
    const { document, ids } = edit.duplicateNodes(opened, rootCanvas, ['3', '4'])
    expect(document.nodes[ids[0]!]).toMatchObject({ x: 903, values: { steps: 20 } })
    const written = writeUi(document, catalogue)
    const nodes = written.nodes as { id: number; order: number }[]
    expect(nodes.map(node => node.order)).toEqual([3, 2, 1, 4, 5, 6, 0, 7, 8])
    const again = readUi(written, catalogue)
    expect(again.links).toEqual(document.links)
  })

  test('subgraphs travel along, nested ones too', () => {
    const opened = readUi(
      readSample(`${fixturesFolder}/workflows`, 'image_netayume_lumina_t2i.json'),
      catalogue,
    )
    const uses = Object.values(opened.nodes).find(node => opened.subgraphs[node.type])!
    const text = edit.copyNodes(opened, rootCanvas, [uses.id])
    const { document } = edit.pasteNodes(emptyDocument(), rootCanvas, text)
    expect(Object.keys(document.subgraphs)).toHaveLength(2)
    expect(edit.isCopied(text)).toBe(true)
  })

  test.each(['hello', '{"a":1}', edit.copyNodes(chain(), rootCanvas, [])])(
    '%s is not pasted',
    text => {
      expect(() => edit.pasteNodes(chain(), rootCanvas, text)).toThrow(/holds no nodes/)
    },
  )
})

describe('seeds after a run', () => {
  const seeded = (
    value: number | bigint,
    control: 'fixed' | 'increment' | 'decrement' | 'randomize',
  ) => {
    const { document } = add(emptyDocument(), 'KSampler')
    return edit.setControl(
      edit.setValue(document, rootCanvas, '1', 'seed', value),
      rootCanvas,
      '1',
      'seed',
      control,
    )
  }
  test.each<[number | bigint, 'fixed' | 'increment' | 'decrement' | 'randomize', number | bigint]>([
    [5, 'fixed', 5],
    [5, 'increment', 6],
    [5, 'decrement', 4],
    [0, 'decrement', 0],
    [9007199254740991, 'increment', 9007199254740992n],
    [18446744073709551615n, 'increment', 18446744073709551615n],
    [18446744073709551615n, 'decrement', 18446744073709551614n],
    [5, 'randomize', 2 ** 49],
  ])('%s, %s: %s', (value, control, expected) => {
    const next = edit.advanceSeeds(seeded(value, control), () => 0.5)
    expect(next.nodes['1']!.values.seed).toBe(expected)
  })

  test('random ones lie in 0 … 2^50; fixed ones leave the document as it is', () => {
    const seedOf = (random: number) =>
      edit.advanceSeeds(seeded(1, 'randomize'), () => random).nodes['1']!.values.seed
    expect([seedOf(0), seedOf(1 - Number.EPSILON)]).toEqual([0, 2 ** 50])
    const fixed = seeded(1, 'fixed')
    expect(edit.advanceSeeds(fixed)).toBe(fixed)
  })

  test("a subgraph's seed follows the control inside it", () => {
    const opened = readUi(
      readSample(`${fixturesFolder}/workflows`, 'image_qwen_image_edit_2509_relight.json'),
      catalogue,
    )
    const use = Object.values(opened.nodes).find(node => opened.subgraphs[node.type])!
    const next = edit.advanceSeeds(opened, () => 0.25)
    expect(use.values.seed).toBe(1118877715456453)
    expect(next.nodes[use.id]!.values.seed).toBe(2 ** 48)
  })
})

describe('a document meets the catalogue', () => {
  test('missing values, controls and slots are added at the end, nothing is taken', () => {
    const opened = readUi(
      {
        nodes: [
          {
            id: 1,
            type: 'KSampler',
            widgets_values: [7],
            inputs: [{ name: 'odd', type: 'X', link: null }],
          },
        ],
        links: [],
      },
      catalogue,
    )
    const { nodes } = edit.syncWithCatalogue(opened, catalogue)
    expect(nodes['1']).toMatchObject({
      values: { seed: 7, steps: 20, denoise: 1 },
      controls: { seed: 'fixed' },
    })
    expect(nodes['1']!.inputs.map(slot => slot.name)).toEqual([
      'odd',
      'model',
      'positive',
      'negative',
      'latent_image',
      'seed',
      'steps',
      'cfg',
      'sampler_name',
      'scheduler',
      'denoise',
    ])
    expect(nodes['1']!.outputs).toEqual([{ name: 'LATENT', type: 'LATENT' }])
    // ComfyUI reads values by position: written in the type's order.
    const [written] = writeUi({ ...opened, nodes }, catalogue).nodes as {
      widgets_values: unknown[]
    }[]
    expect(written!.widgets_values).toEqual([7, 'fixed', 20, 8, 'euler', 'simple', 1])
  })

  test('subgraphs too; a second time changes nothing', () => {
    const opened = readUi(
      readSample(`${fixturesFolder}/workflows`, 'image_z_image_turbo.json'),
      catalogue,
    )
    const synced = edit.syncWithCatalogue(opened, catalogue)
    expect(synced).not.toBe(opened)
    expect(edit.syncWithCatalogue(synced, catalogue)).toBe(synced)
    expect(toPrompt(synced, catalogue)).toEqual(toPrompt(opened, catalogue))
  })
})

// ---- whatever is done

const nodeTypes = [
  'EmptyImage',
  'ImageInvert',
  'ImageScale',
  'PreviewImage',
  'KSampler',
  'NoSuchType',
]

type Act = (document: Document) => Document

/** A random edit; numbers pick among what is there. */
const act: fc.Arbitrary<Act> = fc
  .record({
    kind: fc.nat(8),
    a: fc.nat(20),
    b: fc.nat(20),
    slot: fc.nat(3),
    x: fc.integer({ min: -999, max: 999 }),
  })
  .map(({ kind, a, b, slot, x }) => (document: Document): Document => {
    const ids = Object.keys(document.nodes)
    const [one, two] = [ids[a % ids.length], ids[b % ids.length]] as [string, string]
    if (ids.length < 2 || kind === 0)
      return add(document, nodeTypes[a % nodeTypes.length]!, x).document
    const to = document.nodes[two]!
    switch (kind) {
      case 1:
        return edit.removeNodes(document, rootCanvas, [one])
      case 2:
        return edit.setValue(document, rootCanvas, one, 'width', x)
      case 3:
        return edit.setMode(
          document,
          rootCanvas,
          [one],
          (['always', 'mute', 'bypass'] as const)[slot % 3]!,
        )
      case 4:
        return edit.moveNodes(document, rootCanvas, { [one]: { x, y: x } })
      case 5:
        return edit.duplicateNodes(document, rootCanvas, [one, two]).document
      case 6:
        return edit.disconnect(document, rootCanvas, Object.keys(document.links).slice(0, slot))
      default: {
        const input = to.inputs[slot % Math.max(to.inputs.length, 1)]?.name ?? ''
        const wire = { from: one, fromSlot: 0, to: two, input }
        return edit.refusal(document, rootCanvas, wire)
          ? document
          : edit.connect(document, rootCanvas, wire)
      }
    }
  })
const acts = fc.array(act, { maxLength: 40 })

function consistent(document: Document): void {
  const taken = new Set<string>()
  for (const [id, link] of Object.entries(document.links)) {
    expect(link.id).toBe(id)
    expect(document.nodes[link.from]?.outputs[link.fromSlot]?.type).toBe(link.type)
    expect(document.nodes[link.to]?.inputs[link.toSlot]).toBeDefined()
    const end = `${link.to}.${link.toSlot}`
    expect(taken.has(end)).toBe(false)
    taken.add(end)
  }
  for (const [id, node] of Object.entries(document.nodes)) expect(node.id).toBe(id)
}

describe('after any edits', () => {
  test('links lead from outputs to inputs, one to each', () => {
    fc.assert(
      fc.property(acts, list => {
        let document = emptyDocument()
        for (const one of list) consistent((document = one(document)))
      }),
    )
  })

  test('undo leads back through every state, redo forth', () => {
    fc.assert(
      fc.property(acts, list => {
        let history = startHistory(emptyDocument())
        const states = [history.present]
        for (const one of list) {
          const next = one(history.present)
          if (next !== history.present) states.push(next)
          history = record(history, next, 'edit')
        }
        for (const state of states.toReversed()) {
          expect(history.present).toBe(state)
          history = undo(history)
        }
        for (const state of states) {
          expect(history.present).toBe(state)
          history = redo(history)
        }
      }),
    )
  })

  test("ComfyUI's file says the same, and comes back exactly once it was read", () => {
    fc.assert(
      fc.property(acts, list => {
        const document = list.reduce((state, one) => one(state), emptyDocument())
        const json = writeUi(document, catalogue)
        const read = readUi(json, catalogue)
        expect(toPrompt(read, catalogue)).toEqual(toPrompt(document, catalogue))
        expect(read.links).toEqual(document.links)
        expect(writeUi(read, catalogue)).toEqual(json)
      }),
    )
  })
})
