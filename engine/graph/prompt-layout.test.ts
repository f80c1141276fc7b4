import { describe, expect, test } from 'vitest'
import { toPrompt } from './comfy-prompt.ts'
import { readUi } from './comfy-read.ts'
import { writeUi } from './comfy-write.ts'
import {
  catalogueOf,
  fixturesFolder,
  readSample,
  sampleNames,
  sharedFolder,
} from './fixtures/samples.ts'
import { type Json, type JsonObject, sameJson } from './json.ts'
import { isLink, type Prompt } from './prompt.ts'
import { fromPrompt } from './prompt-layout.ts'

const catalogue = catalogueOf(fixturesFolder)
const api = (folder: string, name: string) => readSample(`${folder}/api`, name) as unknown as Prompt

/** A prompt's links and declared values, the part that a run sees. */
function essence(prompt: Prompt, known: typeof catalogue): JsonObject {
  const nodes = Object.entries(prompt).map(([id, { class_type, inputs }]) => {
    const declared = known[class_type]?.inputs.map(input => input.name)
    const kept = Object.entries(inputs).filter(
      ([name, value]) => isLink(value) || !declared || declared.includes(name),
    )
    return [id, { class_type, inputs: Object.fromEntries(kept) }] as [string, Json]
  })
  return Object.fromEntries(nodes)
}

describe.each([
  ['the copied prompts', fixturesFolder],
  ...(sharedFolder ? [['all 199 of ../shared', sharedFolder]] : []),
])('%s', (_, folder) => {
  test('come back from a document, and from its file', () => {
    const known = catalogueOf(folder!)
    for (const name of sampleNames(`${folder}/api`)) {
      const prompt = api(folder!, name)
      const document = fromPrompt(prompt, known)
      const again = toPrompt(document, known).prompt
      expect(sameJson(essence(again, known), essence(prompt, known)), name).toBe(true)
      const reopened = readUi(writeUi(document, known), known)
      expect(toPrompt(reopened, known).prompt, name).toEqual(again)
    }
  })
})

test('every node stands to the right of what it depends on, none over another', () => {
  const document = fromPrompt(api(fixturesFolder, 'default.json'), catalogue)
  for (const link of Object.values(document.links)) {
    const [from, to] = [document.nodes[link.from]!, document.nodes[link.to]!]
    expect(to.x).toBeGreaterThanOrEqual(from.x + from.width)
  }
  const nodes = Object.values(document.nodes)
  const apart = (a: (typeof nodes)[0], b: (typeof nodes)[0]) =>
    a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
  for (const a of nodes) for (const b of nodes) expect(a === b || apart(a, b)).toBe(true)
})

test("a recipe's seed stays, arrays are unwrapped, titles kept", () => {
  const { nodes } = fromPrompt(
    {
      a: { class_type: 'KSampler', inputs: { seed: 7 }, _meta: { title: 'My sampler' } },
      b: { class_type: 'New', inputs: { list: { __value__: [1, 2] } } },
    },
    catalogue,
  )
  expect(nodes.a).toMatchObject({
    values: { seed: 7, steps: 20 },
    controls: { seed: 'fixed' },
    title: 'My sampler',
  })
  expect(nodes.b!.values).toEqual({ list: [1, 2] })
})

test('unknown nodes get the sockets their links need', () => {
  const { nodes, links } = fromPrompt(
    {
      1: { class_type: 'Maker', inputs: {} },
      2: { class_type: 'PreviewImage', inputs: { images: ['1', 2] } },
      3: { class_type: 'Taker', inputs: { thing: ['1', 0] } },
    },
    catalogue,
  )
  expect(nodes['1']!.outputs.map(output => output.type)).toEqual(['*', '*', 'IMAGE'])
  expect(nodes['3']!.inputs).toEqual([{ name: 'thing', type: '*' }])
  expect(Object.values(links)).toHaveLength(2)
})

test('circles, links to nothing and absurd slots do not hinder it', () => {
  const { nodes, links } = fromPrompt(
    {
      1: { class_type: 'A', inputs: { a: ['2', 0] } },
      2: { class_type: 'B', inputs: { b: ['1', 0], c: ['9', 0], d: ['1', 1e9], e: ['1', -1] } },
    },
    catalogue,
  )
  expect(Object.keys(nodes)).toEqual(['1', '2'])
  expect(Object.values(links)).toHaveLength(2)
})

test('a chain of 5,000 is laid out', () => {
  const prompt: Prompt = {}
  for (let i = 0; i < 5_000; i++) {
    prompt[`n${i}`] = { class_type: 'ImageInvert', inputs: i ? { image: [`n${i - 1}`, 0] } : {} }
  }
  const { nodes } = fromPrompt(prompt, catalogue)
  expect(nodes.n4999!.x).toBeGreaterThan(nodes.n4998!.x)
})
