// What people do all day who come from ComfyUI: subgraphs, groups, pins, weights, aligning, pasting.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { card, cardsTitled, fitView, history, idOf, openDropped, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

let journey: Journey

const node = (id: number, type: string, x: number, inputs: object[], outputs: object[] = []) => ({
  id,
  type,
  pos: [x, 100],
  size: [220, 80],
  flags: {},
  order: id,
  mode: 0,
  inputs,
  outputs,
  properties: {},
})
const image = (links: number[]) => [{ name: 'IMAGE', type: 'IMAGE', links }]
const takes = (name: string, link: number) => [{ name, type: 'IMAGE', link }]

/** EmptyImage (1) → ImageInvert (2) → ImageInvert (3) → PreviewImage (4). */
const chain = {
  version: 0.4,
  last_node_id: 4,
  last_link_id: 3,
  nodes: [
    { ...node(1, 'EmptyImage', 0, [], image([1])), widgets_values: [64, 64, 1, 0] },
    node(2, 'ImageInvert', 320, takes('image', 1), image([2])),
    node(3, 'ImageInvert', 640, takes('image', 2), image([3])),
    node(4, 'PreviewImage', 960, takes('images', 3)),
  ],
  links: [
    [1, 1, 0, 2, 0, 'IMAGE'],
    [2, 2, 0, 3, 0, 'IMAGE'],
    [3, 3, 0, 4, 0, 'IMAGE'],
  ],
  groups: [],
}

beforeAll(async () => {
  journey = await startJourney()
  await openDropped(journey.page, 'chain', chain)
})
afterAll(() => journey.end())

const cards = () => journey.page.locator('[data-testid^="node-"]')
const countIs = (count: number) =>
  until(`${count} cards`, async () => (await cards().count()) === count)

/** By the title in the head: there nothing else takes the click. */
async function choose(...ids: (string | number)[]) {
  const { page } = journey
  await page.getByTestId('canvas').focus()
  await page.keyboard.press('Escape')
  for (const [index, id] of ids.entries()) {
    const box = (await card(page, id).boundingBox())!
    if (index > 0) await page.keyboard.down('Shift')
    await page.mouse.click(box.x + box.width / 2, box.y + 8)
    if (index > 0) await page.keyboard.up('Shift')
  }
}

async function fromMenu(id: string | number, item: string | RegExp) {
  const { page } = journey
  const box = (await card(page, id).boundingBox())!
  await page.mouse.click(box.x + box.width / 2, box.y + 8, { button: 'right' })
  await page.getByRole('menuitem', { name: item }).click()
}

test('cards become a subgraph, which can be entered, named and left', async () => {
  const { page } = journey
  await choose(2, 3)
  await page.keyboard.press('Control+Shift+E')
  const made = cardsTitled(page, 'New subgraph')
  await made.waitFor()
  await countIs(3)
  await made.getByRole('button', { name: 'Open the subgraph' }).click()
  await card(page, 2).waitFor()
  await fitView(page)
  await page.getByRole('button', { name: 'New subgraph', exact: true }).dblclick()
  await page.getByLabel('Name of the subgraph').fill('Twice inverted')
  await page.keyboard.press('Enter')
  const port = page.getByLabel('Inputs of the subgraph').getByRole('button', { name: 'image' })
  await port.dblclick()
  await page.getByLabel('Name of the port').fill('photo')
  await page.keyboard.press('Enter')
  await page.getByTestId('canvas').focus()
  await page.keyboard.press('Escape')
  await cardsTitled(page, 'Twice inverted').getByText('photo').waitFor()
})

test('subgraphs nest; the crumbs lead back one by one', async () => {
  const { page } = journey
  await cardsTitled(page, 'Twice inverted')
    .getByRole('button', { name: 'Open the subgraph' })
    .click()
  await card(page, 2).waitFor()
  await fitView(page)
  await choose(3)
  await page.keyboard.press('Control+Shift+E')
  await cardsTitled(page, 'New subgraph').getByRole('button', { name: 'Open the subgraph' }).click()
  await card(page, 3).waitFor()
  const crumbs = page.getByRole('navigation', { name: 'Where you are' })
  expect(await crumbs.getByRole('button').allTextContents()).toEqual([
    'chain',
    'Twice inverted',
    'New subgraph',
  ])
  await crumbs.getByRole('button', { name: 'Twice inverted' }).click()
  await card(page, 2).waitFor()
  await page.getByTestId('canvas').focus()
  await page.keyboard.press('Escape')
  await cardsTitled(page, 'Twice inverted').waitFor()
})

test('a workflow with nested subgraphs runs', async () => {
  const { page, host } = journey
  await page.getByTestId('run').click()
  await until(
    'a run',
    async () => (await history(host.url)).at(-1)?.status.status_str === 'success',
  )
})

test('unpacking gives the cards back, undo the subgraph', async () => {
  const { page } = journey
  await fitView(page)
  const subgraph = await idOf(cardsTitled(page, 'Twice inverted'))
  await fromMenu(subgraph, 'Unpack the subgraph')
  await countIs(4)
  await page.keyboard.press('Control+z')
  await countIs(3)
  await page.keyboard.press('Control+Shift+z')
  await countIs(4)
  const inner = await idOf(cardsTitled(page, 'New subgraph'))
  await fromMenu(inner, 'Unpack the subgraph')
  await until('no subgraph', async () => (await cardsTitled(page, 'New subgraph').count()) === 0)
  await countIs(4)
})

test('a group is made around cards, coloured, resized and removed; its cards stay', async () => {
  const { page } = journey
  await choose(1)
  await page.keyboard.press('Control+g')
  const group = page.getByLabel('Group Group', { exact: true })
  await group.waitFor()
  const title = group.getByText('Group')
  await title.click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Colour: Green' }).click()
  await until('a green group', async () =>
    group.evaluate(
      element =>
        element.style.borderColor.includes('136, 170, 136') ||
        element.style.borderColor.includes('#8a8'),
    ),
  )
  const before = (await group.boundingBox())!
  const corner = (await group.getByTestId('resize-corner').boundingBox())!
  await page.mouse.move(corner.x + 6, corner.y + 6)
  await page.mouse.down()
  await page.mouse.move(corner.x + 46, corner.y + 66, { steps: 4 })
  await page.mouse.up()
  const after = (await group.boundingBox())!
  expect(after.width - before.width).toBeGreaterThan(30)
  await title.click({ button: 'right' })
  await page.getByRole('menuitem', { name: /Fit the group/ }).click()
  await until('the first size', async () => {
    const box = (await group.boundingBox())!
    return Math.abs(box.width - before.width) < 2
  })
  await title.click({ button: 'right' })
  await page.getByRole('menuitem', { name: /Remove the group/ }).click()
  await group.waitFor({ state: 'detached' })
  await countIs(4)
})

test('a pinned card stays where it is', async () => {
  const { page } = journey
  await choose(1)
  await page.keyboard.press('p')
  await card(page, 1).getByRole('button', { name: 'Unpin' }).waitFor()
  // Dragging on it moves the view, so what counts is where it stands beside another card.
  const gap = async () =>
    (await card(page, 1).boundingBox())!.y -
    (await cardsTitled(page, 'Preview Image').first().boundingBox())!.y
  const start = await gap()
  const drag = async () => {
    const box = (await card(page, 1).boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + 8)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2, box.y + 88, { steps: 4 })
    await page.mouse.up()
    return gap()
  }
  expect(Math.abs((await drag()) - start)).toBeLessThan(2)
  await card(page, 1).getByRole('button', { name: 'Unpin' }).click()
  expect((await drag()) - start).toBeGreaterThan(40)
})

test('cards line up', async () => {
  const { page } = journey
  const last = await idOf(cardsTitled(page, 'Preview Image').first())
  await choose(1, last)
  await fromMenu(last, 'Align at the top')
  await until('one line', async () => {
    const tops = await Promise.all([1, last].map(id => card(page, id).boundingBox()))
    return Math.abs(tops[0]!.y - tops[1]!.y) < 1
  })
})

test('a copy can keep the links that feed it', async () => {
  const { page } = journey
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  const last = await idOf(cardsTitled(page, 'Preview Image').first())
  const linksBefore = await page.locator('.react-flow__edge').count()
  await choose(last)
  await page.keyboard.press('Control+c')
  await page.keyboard.press('Control+Shift+v')
  await countIs(5)
  await fitView(page)
  await until(
    'its link',
    async () => (await page.locator('.react-flow__edge').count()) === linksBefore + 1,
  )
})

test('cards copied in ComfyUI are pasted', async () => {
  const { page } = journey
  const before = await cards().count()
  const held = { nodes: [node(12, 'ImageInvert', 0, takes('image', 0), image([]))], links: [] }
  await page.evaluate(json => {
    const data = new DataTransfer()
    data.setData('text/html', `<div><span data-metadata="${btoa(json)}"></span></div>`)
    document.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }))
  }, JSON.stringify(held))
  await countIs(before + 1)
})

test('Ctrl+↑ weighs the word at the cursor, and undo takes it back', async () => {
  const { page } = journey
  const workflow = {
    ...chain,
    nodes: [
      {
        ...node(1, 'CLIPTextEncode', 0, [{ name: 'clip', type: 'CLIP', link: null }]),
        outputs: [{ name: 'CONDITIONING', type: 'CONDITIONING', links: [] }],
        widgets_values: ['a red fox'],
      },
    ],
    links: [],
  }
  await openDropped(page, 'words', workflow)
  const text = card(page, 1).getByRole('textbox')
  await text.click()
  await text.evaluate((field: HTMLTextAreaElement) => field.setSelectionRange(4, 4))
  for (let press = 0; press < 8; press++) await page.keyboard.press('Control+ArrowUp')
  await until('the weight', async () => (await text.inputValue()) === 'a (red:1.4) fox')
  await page.keyboard.press('Control+z')
  await until('no weight', async () => (await text.inputValue()) === 'a red fox')
})

test('the shortcuts are listed', async () => {
  const { page } = journey
  await page.getByTestId('canvas').focus()
  await page.keyboard.press('?')
  const list = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
  await list.getByText('Make a subgraph of them').waitFor()
  await page.keyboard.press('Escape')
  await list.waitFor({ state: 'detached' })
})

test('nothing went wrong on the page', () => {
  expect(journey.complaints).toEqual([])
})
