import { expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import { type Document, emptyDocument } from './document.ts'
import * as edit from './edit.ts'
import { catalogueOf, fixturesFolder } from './fixtures/samples.ts'
import { makeSubgraph } from './make-subgraph.ts'
import { labelPort, renameSubgraph } from './subgraph-names.ts'
import { unpackSubgraph } from './unpack-subgraph.ts'

const catalogue = catalogueOf(fixturesFolder)
const { rootCanvas } = edit

const fresh = () => {
  let count = 0
  return () => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`
}

/** EmptyImage (1) → ImageInvert (2) → ImageInvert (3) → PreviewImage (4), and 2 → PreviewImage (5). */
function chain(): Document {
  let document = emptyDocument()
  for (const type of ['EmptyImage', 'ImageInvert', 'ImageInvert', 'PreviewImage', 'PreviewImage'])
    document = edit.addNode(document, rootCanvas, { type, x: 100, y: 50 }, catalogue).document
  const wires = [
    ['1', '2', 'image'],
    ['2', '3', 'image'],
    ['3', '4', 'images'],
    ['2', '5', 'images'],
  ] as const
  for (const [from, to, input] of wires)
    document = edit.connect(document, rootCanvas, { from, fromSlot: 0, to, input })
  return document
}

/** The prompt with ids that do not count: class and inputs, links followed. */
function meaning(document: Document): string[] {
  const { prompt } = toPrompt(document, catalogue)
  const tell = (id: string): string => {
    const { class_type: type, inputs } = prompt[id]!
    const said = Object.entries(inputs).map(([name, value]) =>
      Array.isArray(value) ? `${name}=${tell(String(value[0]))}.${value[1]}` : `${name}=${value}`,
    )
    return `${type}(${said.sort().join(' ')})`
  }
  return Object.keys(prompt).map(tell).sort()
}

test('nodes become one node with the links that cross the border', () => {
  const { document, id } = makeSubgraph(chain(), rootCanvas, ['2', '3'], {
    name: 'Twice',
    fresh: fresh(),
  })
  const instance = document.nodes[id]!
  expect(instance.inputs).toEqual([{ name: 'image', type: 'IMAGE' }])
  expect(instance.outputs.map(({ name }) => name)).toEqual(['IMAGE', 'IMAGE_1'])
  expect(Object.keys(document.nodes)).toEqual(['1', '4', '5', id])
  expect(Object.keys(document.subgraphs[instance.type]!.nodes)).toEqual(['2', '3'])
  expect(meaning(document)).toEqual(meaning(chain()))
})

test('it is written as ComfyUI writes it and reads back the same', () => {
  const { document } = makeSubgraph(chain(), rootCanvas, ['2', '3'], { name: 'S', fresh: fresh() })
  const again = readUi(writeUi(document, catalogue), catalogue)
  expect(meaning(again)).toEqual(meaning(chain()))
})

test('unpacking gives the nodes back and forgets the definition', () => {
  const made = makeSubgraph(chain(), rootCanvas, ['2', '3'], { name: 'S', fresh: fresh() })
  const { document, ids } = unpackSubgraph(made.document, rootCanvas, made.id)
  expect(document.subgraphs).toEqual({})
  expect(ids).toHaveLength(2)
  expect(ids.map(id => document.nodes[id]!.x)).toEqual([100, 100])
  expect(meaning(document)).toEqual(meaning(chain()))
})

test('subgraphs nest, and unpack in any order', () => {
  const next = fresh()
  const outer = makeSubgraph(chain(), rootCanvas, ['2', '3'], { name: 'outer', fresh: next })
  const { type } = outer.document.nodes[outer.id]!
  const inner = makeSubgraph(outer.document, type, ['3'], { name: 'inner', fresh: next })
  expect(meaning(inner.document)).toEqual(meaning(chain()))
  const opened = unpackSubgraph(inner.document, rootCanvas, outer.id)
  expect(Object.values(opened.document.subgraphs).map(({ name }) => name)).toEqual(['inner'])
  expect(meaning(opened.document)).toEqual(meaning(chain()))
})

test('a value set on the node outside goes to the node inside', () => {
  let document = chain()
  const { document: withNumber, id: number } = edit.addNode(
    document,
    rootCanvas,
    { type: 'PrimitiveInt', x: 0, y: 0, values: { value: 64 } },
    catalogue,
  )
  document = edit.connect(withNumber, rootCanvas, {
    from: number,
    fromSlot: 0,
    to: '1',
    input: 'width',
  })
  const made = makeSubgraph(document, rootCanvas, ['1'], { name: 'Image', fresh: fresh() })
  const instance = made.document.nodes[made.id]!
  expect(instance.inputs).toEqual([{ name: 'width', type: 'INT', widget: 'width' }])
  const alone = edit.removeNodes(made.document, rootCanvas, [number])
  const set = edit.setValue(alone, rootCanvas, made.id, 'width', 96)
  expect(meaning(set).join()).toContain('width=96')
  const { document: opened, ids } = unpackSubgraph(set, rootCanvas, made.id)
  expect(opened.nodes[ids[0]!]!.values.width).toBe(96)
})

test('nodes with another one between them are refused, with the way out', () => {
  const make = () => makeSubgraph(chain(), rootCanvas, ['1', '3'], { name: 'S', fresh: fresh() })
  expect(make).toThrow(/between them/)
  expect(() => unpackSubgraph(chain(), rootCanvas, '1')).toThrow(/no subgraph/)
})

test('a subgraph and its ports can be named; links and values stay', () => {
  const { document, id } = makeSubgraph(chain(), rootCanvas, ['2', '3'], {
    name: 'S',
    fresh: fresh(),
  })
  const { type } = document.nodes[id]!
  const named = labelPort(renameSubgraph(document, type, 'Twice'), type, 'inputs', 0, 'photo')
  expect(named.subgraphs[type]).toMatchObject({ name: 'Twice' })
  expect(named.subgraphs[type]!.inputs[0]).toMatchObject({ name: 'image', label: 'photo' })
  expect(named.nodes[id]!.inputs[0]).toMatchObject({ name: 'image', label: 'photo' })
  expect(meaning(named)).toEqual(meaning(document))
  expect(labelPort(named, type, 'inputs', 0, '  ')).toBe(named)
})
