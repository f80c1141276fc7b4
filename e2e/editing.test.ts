// Building a workflow by hand: palette, values, links, undo, keyboard, bad input.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { cardsTitled, dropFile, fitView, history, middleOf, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
  await journey.page.getByText('Empty canvas').click()
  await journey.page.getByTestId('canvas').waitFor()
})
afterAll(() => journey.end())

async function addFromPalette(words: string) {
  const { page } = journey
  await page.keyboard.press('Tab')
  await page.getByTestId('palette-input').fill(words)
  await page.keyboard.press('Enter')
  await page.getByTestId('palette').waitFor({ state: 'detached' })
}

test('double-click opens the palette; it finds a node by a few letters', async () => {
  const { page } = journey
  const middle = await middleOf(page)
  await page.mouse.dblclick(middle.x, middle.y)
  await page.getByTestId('palette').waitFor()
  await page.getByTestId('palette-input').fill('emptyim')
  await page.keyboard.press('Enter')
  await page.locator('[data-testid^="node-"]').first().waitFor()
  expect(await page.locator('[data-testid^="node-"]').count()).toBe(1)
})

test('dragging a link into the empty offers what fits, and connects it', async () => {
  const { page } = journey
  await fitView(page)
  const node = page.locator('[data-testid^="node-"]').first()
  const socket = node.locator('.react-flow__handle.source').first()
  const from = (await socket.boundingBox())!
  await page.mouse.move(from.x + from.width / 2, from.y + from.height / 2)
  await page.mouse.down()
  await page.mouse.move(from.x + 120, from.y + 40, { steps: 5 })
  await page.mouse.move(from.x + 220, from.y + 80, { steps: 5 })
  await page.mouse.up()
  await page.getByTestId('palette-input').fill('preview image')
  await page.keyboard.press('Enter')
  await until(
    'a second card',
    async () => (await page.locator('[data-testid^="node-"]').count()) === 2,
  )
})

test('the small workflow runs', async () => {
  const { page, host } = journey
  await page.getByTestId('run').click()
  await until('a run', async () => {
    return (await history(host.url)).at(-1)?.status.status_str === 'success'
  })
})

test('undo goes back to nothing, redo comes all the way forward', async () => {
  const { page } = journey
  const cards = page.locator('[data-testid^="node-"]')
  await page.getByTestId('canvas').focus()
  for (let i = 0; i < 10 && (await cards.count()) > 0; i++) await page.keyboard.press('Control+z')
  await until('an empty canvas', async () => (await cards.count()) === 0)
  for (let i = 0; i < 10; i++) await page.keyboard.press('Control+Shift+z')
  await until('both cards', async () => (await cards.count()) === 2)
})

test('a node whose input is missing says so on its card and in the list', async () => {
  const { page } = journey
  await page.getByTestId('canvas').focus()
  await addFromPalette('save image')
  await fitView(page)
  await page.getByTestId('run').click()
  await page.getByTestId('problems').waitFor()
  expect(await page.getByTestId('problems').textContent()).toMatch(/images/i)
})

test('broken and foreign files are refused in words', async () => {
  const { page } = journey
  const at = await middleOf(page)
  const toast = page.getByTestId('toast')
  const said = async (words: RegExp) =>
    until(`a toast ${words}`, async () => words.test((await toast.allTextContents()).join(' ')))
  await dropFile(page, { name: 'broken.json', bytes: Buffer.from('{"nodes": [1,') }, at)
  await said(/broken|JSON|line/i)
  await dropFile(
    page,
    { name: 'torn.png', bytes: Buffer.from('\x89PNG\r\n\x1a\nnot a picture', 'latin1') },
    at,
  )
  await said(/torn\.png/)
  await dropFile(page, { name: 'notes.txt', bytes: Buffer.from('hello') }, at)
  await said(/notes\.txt/)
})

test('a workflow with unknown nodes opens, keeps them and says what is missing', async () => {
  const { page } = journey
  const workflow = {
    version: 0.4,
    last_node_id: 1,
    last_link_id: 0,
    nodes: [
      {
        id: 1,
        type: 'SomebodysNode',
        pos: [0, 0],
        size: [300, 120],
        flags: {},
        order: 0,
        mode: 0,
        inputs: [],
        outputs: [{ name: 'IMAGE', type: 'IMAGE', links: null }],
        properties: {},
        widgets_values: ['kept as it was', 7],
      },
    ],
    links: [],
    groups: [],
    config: {},
    extra: {},
  }
  const bytes = Buffer.from(JSON.stringify(workflow))
  await dropFile(page, { name: 'foreign.json', bytes }, await middleOf(page))
  await fitView(page)
  await cardsTitled(page, 'SomebodysNode').first().waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.keyboard.press('Control+Shift+s'),
  ])
  const saved = JSON.parse(readFileSync((await download.path())!, 'utf8'))
  expect(saved.nodes[0].widgets_values).toEqual(['kept as it was', 7])
})

test('the command palette opens with the keyboard', async () => {
  const { page } = journey
  await page.keyboard.press('Control+k')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
})

test('nothing else went wrong on the page', () => {
  // The torn picture was refused with 415, which the browser notes by itself.
  const others = journey.complaints.filter(complaint => !complaint.includes('415'))
  expect(others).toEqual([])
})
