import { expect, test } from 'vitest'
import { emptyDocument } from '../../../engine/graph/document.ts'
import * as edit from '../../../engine/graph/edit.ts'
import { catalogueOf, fixturesFolder } from '../../../engine/graph/fixtures/samples.ts'
import { fromComfyUi } from './comfy-clipboard.ts'
import { feedAgain, feedsOf } from './feeds.ts'

const catalogue = catalogueOf(fixturesFolder)
const { rootCanvas } = edit

const html = (held: object) =>
  `<meta charset="utf-8"><div><span data-metadata="${Buffer.from(JSON.stringify(held)).toString('base64')}"></span></div>`

const copiedNodes = [
  {
    id: 7,
    type: 'EmptyImage',
    pos: [10, 20],
    size: [200, 100],
    flags: {},
    order: 0,
    mode: 0,
    title: 'Ünïcode',
    inputs: [],
    outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [] }],
    properties: {},
    widgets_values: [64, 48, 1, 0],
  },
  {
    id: 9,
    type: 'ImageInvert',
    pos: [310, 20],
    size: [200, 60],
    flags: {},
    order: 1,
    mode: 0,
    inputs: [{ name: 'image', type: 'IMAGE', link: null }],
    outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [] }],
    properties: {},
  },
]

test.each([
  ['objects', { id: 3, origin_id: 7, origin_slot: 0, target_id: 9, target_slot: 0, type: 'IMAGE' }],
  ['arrays', [3, 7, 0, 9, 0, 'IMAGE']],
])('cards copied in ComfyUI are pasted with their values and links, written as %s', (_, link) => {
  const text = fromComfyUi(html({ nodes: copiedNodes, links: [link] }), catalogue)!
  expect(edit.isCopied(text)).toBe(true)
  const { document, ids } = edit.pasteNodes(emptyDocument(), rootCanvas, text)
  const [image, invert] = ids.map(id => document.nodes[id]!)
  expect(image).toMatchObject({ type: 'EmptyImage', title: 'Ünïcode' })
  expect(Number(image!.values.width)).toBe(64)
  expect(Object.values(document.links)).toMatchObject([{ from: image!.id, to: invert!.id }])
})

test.each([
  ['plain words', '<p>hello</p>'],
  ['another attribute', '<span data-metadata="aGVsbG8="></span>'],
  ['no nodes', html({ nodes: [] })],
])('%s are left to whoever can read them', (_, text) => {
  expect(fromComfyUi(text, catalogue)).toBeUndefined()
})

test('a copy pasted with links is fed by what feeds its original', () => {
  let document = emptyDocument()
  for (const type of ['EmptyImage', 'ImageInvert', 'ImageInvert'])
    document = edit.addNode(document, rootCanvas, { type, x: 0, y: 0 }, catalogue).document
  const wire = (from: string, to: string) => ({ from, fromSlot: 0, to, input: 'image' })
  document = edit.connect(document, rootCanvas, wire('1', '2'))
  document = edit.connect(document, rootCanvas, wire('2', '3'))
  const chosen = new Set(['3', '2'])
  const feeds = feedsOf(document, chosen)
  const text = edit.copyNodes(document, rootCanvas, chosen)
  const pasted = edit.pasteNodes(document, rootCanvas, text)
  const fed = feedAgain(pasted.document, rootCanvas, pasted.ids, feeds)
  const ends = Object.values(fed.links).map(({ from, to }) => `${from}>${to}`)
  expect(ends).toEqual(['1>2', '2>3', '4>5', '1>4'])
  const alone = edit.removeNodes(pasted.document, rootCanvas, ['1'])
  expect(feedAgain(alone, rootCanvas, pasted.ids, feeds)).toBe(alone)
})
