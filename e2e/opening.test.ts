// What is not here never blocks: a workflow opens, says what it lacks, and its subgraphs can be seen.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dropFile, middleOf, startFirstPicture, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

const slot = (name: string, type: string, link: number | null) => ({ name, type, link })
const node = (id: number, type: string, x: number, y: number, more: object) => ({
  id,
  type,
  pos: [x, y],
  size: [280, 120],
  flags: {},
  mode: 0,
  properties: {},
  ...more,
})

/** A subgraph around one blur, an unknown node after it; far from the canvas' origin. */
const workflow = {
  id: 'a',
  version: 0.4,
  last_node_id: 12,
  last_link_id: 20,
  nodes: [
    node(10, 'EmptyImage', 9000, 7000, {
      widgets_values: [64, 64, 1, 0],
      outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [1] }],
    }),
    node(11, 'soft', 9400, 7000, {
      inputs: [slot('image', 'IMAGE', 1)],
      outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [2] }],
    }),
    node(12, 'SaveHologram', 9800, 7000, { inputs: [slot('images', 'IMAGE', 2)] }),
  ],
  links: [
    [1, 10, 0, 11, 0, 'IMAGE'],
    [2, 11, 0, 12, 0, 'IMAGE'],
  ],
  definitions: {
    subgraphs: [
      {
        id: 'soft',
        name: 'Soft focus',
        inputNode: { id: -10, bounding: [100, 100, 120, 60] },
        outputNode: { id: -20, bounding: [800, 100, 120, 60] },
        inputs: [{ id: 'i', name: 'image', type: 'IMAGE', linkIds: [3] }],
        outputs: [{ id: 'o', name: 'IMAGE', type: 'IMAGE', linkIds: [4] }],
        nodes: [
          node(5, 'ImageBlur', 400, 100, {
            widgets_values: [1, 1],
            inputs: [slot('image', 'IMAGE', 3)],
            outputs: [{ name: 'IMAGE', type: 'IMAGE', links: [4] }],
          }),
        ],
        links: [
          { id: 3, origin_id: -10, origin_slot: 0, target_id: 5, target_slot: 0, type: 'IMAGE' },
          { id: 4, origin_id: 5, origin_slot: 0, target_id: -20, target_slot: 0, type: 'IMAGE' },
        ],
        groups: [],
      },
    ],
  },
}

let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
})
afterAll(() => journey.end())

test('a workflow with an unknown node opens in view and says what it lacks', async () => {
  const { page } = journey
  await startFirstPicture(page)
  const bytes = new TextEncoder().encode(JSON.stringify(workflow))
  await dropFile(page, { name: 'hologram.json', bytes }, await middleOf(page))
  await page.getByTestId('node-12').waitFor()
  await page.getByText('One thing that this workflow needs is not here').waitFor()
  await page.getByRole('button', { name: 'Show the problems' }).click()
  await page.getByTestId('problems').getByText('There is no node called "SaveHologram"').waitFor()
})

test('inside a subgraph, links reach its inputs and outputs', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Open the subgraph' }).click()
  await page.getByTestId('node-5').waitFor()
  await page.getByLabel('Inputs of the subgraph').waitFor()
  await page.getByLabel('Outputs of the subgraph').waitFor()
  await until('both links', async () => (await page.locator('.react-flow__edge').count()) === 2)
})

test('typing is undone by the pause, not as a whole', async () => {
  const { page } = journey
  await page.getByRole('tab', { name: /First picture/ }).click()
  const prompt = page.getByTestId('prompt')
  await prompt.press('End')
  await page.keyboard.type(' on a table')
  await page.waitForTimeout(1200)
  await page.keyboard.type(' at night')
  await page.keyboard.press('Control+z')
  expect(await prompt.inputValue()).toBe('a house in the snow on a table')
  await page.keyboard.press('Control+z')
  expect(await prompt.inputValue()).toBe('a house in the snow')
})

test('nothing went wrong on the page', () => {
  expect(journey.complaints).toEqual([])
})
