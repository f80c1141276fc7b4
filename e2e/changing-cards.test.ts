// Cards that change with what they hold and what is connected: dynamic choices, rows that grow,
// primitives, the inside of a subgraph while it runs.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { card, history, openDropped, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
})
afterAll(() => journey.end())

interface RawNode {
  id: number
  type: string
  inputs?: object[]
  outputs?: object[]
  widgets_values?: unknown[]
}

/** Opens a workflow of these nodes as a file that is dropped on the page. */
async function openWorkflow(name: string, nodes: RawNode[], links: unknown[], more: object = {}) {
  const laidOut = nodes.map((node, i) => ({
    pos: [i * 420, 0],
    size: [300, 200],
    flags: {},
    order: i,
    mode: 0,
    inputs: [],
    outputs: [],
    properties: {},
    ...node,
  }))
  await openDropped(journey.page, name, {
    version: 0.4,
    last_node_id: 99,
    last_link_id: 99,
    nodes: laidOut,
    links,
    ...more,
  })
}

const picture = (id: number, links: number[]): RawNode => ({
  id,
  type: 'EmptyImage',
  outputs: [{ name: 'IMAGE', type: 'IMAGE', links }],
  widgets_values: [64, 64, 1, 255],
})

/** A LoRA of zeros. `layers`: how wide each is. */
function writeLora(name: string, layers: Record<string, number>) {
  const rank = 4
  let end = 0
  const header = Object.fromEntries(
    Object.entries(layers).flatMap(([layer, width]) =>
      ['down', 'up'].map(half => {
        const start = end
        end += 4 * rank * width
        const shape = half === 'down' ? [rank, width] : [width, rank]
        return [
          `lora_unet_${layer}.lora_${half}.weight`,
          { dtype: 'F32', shape, data_offsets: [start, end] },
        ]
      }),
    ),
  )
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  const folder = join(journey.host.dataDir, 'models/loras')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, name), Buffer.concat([length, text, Buffer.alloc(end)]))
}

test('what a loader has to say stands below its card until it is mended', async () => {
  const { page } = journey
  const fitting = { input_blocks_3_1_transformer_blocks_0_attn1_to_q: 128 }
  writeLora('whole.safetensors', fitting)
  writeLora('partly.safetensors', { ...fitting, another_family_of_models_to_q: 128 })
  await openWorkflow(
    'lora',
    [
      {
        id: 1,
        type: 'CheckpointLoaderSimple',
        outputs: [{ name: 'MODEL', type: 'MODEL', links: [1] }],
        widgets_values: ['starter.safetensors'],
      },
      {
        id: 2,
        type: 'LoraLoaderModelOnly',
        inputs: [{ name: 'model', type: 'MODEL', link: 1 }],
        outputs: [{ name: 'MODEL', type: 'MODEL', links: [2] }],
        widgets_values: ['partly.safetensors', 1],
      },
      { id: 3, type: 'PreviewAny', inputs: [{ name: 'source', type: '*', link: 2 }] },
    ],
    [
      [1, 1, 0, 2, 0, 'MODEL'],
      [2, 2, 0, 3, 0, '*'],
    ],
  )
  const lora = card(page, 2)
  await page.getByTestId('run').click()
  await lora
    .getByTestId('card-notes')
    .getByText('1 layer of partly.safetensors has no effect')
    .waitFor()
  await lora.locator('[data-widget="lora_name"] button').click()
  await page.getByText('whole.safetensors', { exact: true }).click()
  await page.getByTestId('run').click()
  await lora.getByTestId('card-notes').waitFor({ state: 'detached' })
})

test('another option of a choice brings other fields', async () => {
  const { page } = journey
  await openWorkflow('resize', [picture(1, []), { id: 2, type: 'ResizeImageMaskNode' }], [])
  const resize = card(page, 2)
  await resize.locator('[data-widget="resize_type.width"]').waitFor()
  await resize.locator('[data-widget="resize_type"] button').click()
  await page.getByText('scale by multiplier', { exact: true }).click()
  await resize.locator('[data-widget="resize_type.multiplier"]').waitFor()
  expect(await resize.locator('[data-widget="resize_type.width"]').count()).toBe(0)
  await page.getByTestId('canvas').focus()
  await page.keyboard.press('Control+z')
  await resize.locator('[data-widget="resize_type.width"]').waitFor()
})

test('a row of sockets has one more than are connected', async () => {
  const { page } = journey
  await openWorkflow('batch', [picture(1, []), { id: 2, type: 'BatchImagesNode' }], [])
  const batch = card(page, 2)
  const sockets = batch.locator('.react-flow__handle.target')
  for (const connected of [0, 1]) {
    await until('sockets', async () => (await sockets.count()) === connected + (connected ? 1 : 2))
    const from = (await card(page, 1).locator('.react-flow__handle.source').boundingBox())!
    const to = (await sockets.nth(connected).boundingBox())!
    await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
    await page.mouse.down()
    await page.mouse.move(to.x - 30, to.y, { steps: 6 })
    await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 6 })
    await page.mouse.up()
  }
  await until('a third socket', async () => (await sockets.count()) === 3)
})

test('a primitive shows the field of what it is connected to, and its value is what runs', async () => {
  const { page, host } = journey
  await openWorkflow(
    'primitive',
    [
      { id: 1, type: 'PrimitiveNode', outputs: [{ name: '*', type: '*', links: [1] }] },
      {
        ...picture(2, [2]),
        inputs: [{ name: 'width', type: 'INT', link: 1, widget: { name: 'width' } }],
      },
      { id: 3, type: 'PreviewImage', inputs: [{ name: 'images', type: 'IMAGE', link: 2 }] },
    ],
    [
      [1, 1, 0, 2, 0, 'INT'],
      [2, 2, 0, 3, 0, 'IMAGE'],
    ],
  )
  await card(page, 1).locator('[data-widget="value"]').waitFor()
  const runs = (await history(host.url)).length
  await page.getByTestId('run').click()
  await until('a run', async () => (await history(host.url)).length > runs)
  expect((await history(host.url)).at(-1)!.status.status_str).toBe('success')
})

test('the inside of a subgraph shows what ran', async () => {
  const { page } = journey
  const inside = {
    id: 'inside',
    version: 1,
    name: 'Grey picture',
    inputs: [],
    outputs: [{ id: 'o', name: 'IMAGE', type: 'IMAGE', linkIds: [1] }],
    inputNode: { id: -10, bounding: [0, 0, 100, 60] },
    outputNode: { id: -20, bounding: [800, 0, 100, 60] },
    widgets: [],
    nodes: [
      {
        ...picture(5, [1]),
        pos: [200, 0],
        size: [300, 200],
        flags: {},
        order: 0,
        mode: 0,
        inputs: [],
        properties: {},
      },
    ],
    links: [{ id: 1, origin_id: 5, origin_slot: 0, target_id: -20, target_slot: 0, type: 'IMAGE' }],
    groups: [],
  }
  await openWorkflow(
    'subgraph',
    [
      { id: 7, type: 'inside', outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [2] }] },
      { id: 8, type: 'PreviewImage', inputs: [{ name: 'images', type: 'IMAGE', link: 2 }] },
    ],
    [[2, 7, 0, 8, 0, 'IMAGE']],
    { definitions: { subgraphs: [inside] } },
  )
  await page.getByTestId('run').click()
  const states = ['done', 'cached']
  const stateOf = (id: number) => card(page, id).getAttribute('data-state')
  await until('the end', async () => states.includes((await stateOf(8)) ?? ''))
  expect(states).toContain(await stateOf(7))
  await card(page, 7).getByLabel('Open the subgraph').click()
  await card(page, 5).waitFor()
  expect(states).toContain(await stateOf(5))
})

test('on a narrow page the map and the problems have room for each other', async () => {
  const { page } = journey
  const nodes = Array.from({ length: 8 }, (_, i) => ({ id: i + 1, type: 'SaveImage' }))
  await openWorkflow('many problems', nodes, [])
  await page.setViewportSize({ width: 900, height: 700 })
  await page.getByTestId('run').click()
  await page.getByTestId('problems').waitFor()
  const problems = (await page.getByTestId('problems').boundingBox())!
  const map = (await page.locator('.react-flow__minimap').boundingBox())!
  const apart =
    map.y + map.height <= problems.y ||
    map.x >= problems.x + problems.width ||
    map.x + map.width <= problems.x
  expect(apart).toBe(true)
  await page.setViewportSize({ width: 1280, height: 800 })
})

test('nothing went wrong on the page', () => {
  expect(journey.complaints).toEqual([])
})
