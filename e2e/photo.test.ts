// A photo is dropped: onto the start page, onto the canvas, onto a card. And a picture that carries
// a workflow opens it.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  cardsTitled,
  dropFile,
  filesOf,
  fitView,
  history,
  idOf,
  middleOf,
  openTemplate,
  picturesOn,
  until,
} from './actions.ts'
import { type Journey, repository, startJourney } from './harness.ts'

const photo = join(repository, 'resources/workflows/input/coffee.jpg')
let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
})
afterAll(() => journey.end())

test('dropped on the start page, a photo asks what shall become of it', async () => {
  const { page } = journey
  await page.getByTestId('start-first-picture').waitFor()
  await dropFile(
    page,
    { name: 'Öl & Kaffee ü.jpg', bytes: readFileSync(photo) },
    { x: 640, y: 300 },
  )
  const bar = page.getByTestId('dropped-picture')
  await bar.getByRole('button', { name: 'Photo touch-up' }).click()
  await cardsTitled(page, 'Load Image').first().waitFor()
  await fitView(page)
  expect(await cardsTitled(page, 'Load Image').textContent()).toContain('Öl & Kaffee ü')
})

test('the touch-up runs and its picture lands on the card and on the disk', async () => {
  const { page, host } = journey
  const id = await idOf(cardsTitled(page, 'Save Image').first())
  await page.getByTestId('run').click()
  const url = await until('the touched-up photo', async () =>
    (await picturesOn(page, id)).find(src => src.includes('/assets/')),
  )
  expect((await fetch(url)).headers.get('content-type')).toMatch(/^image\//)
  const [picture] = filesOf((await history(host.url))[0]!)
  expect(
    readFileSync(join(host.dataDir, 'output', picture!.subfolder, picture!.filename)).length,
  ).toBeGreaterThan(10_000)
})

test('dropped on the canvas, a photo becomes an image input in one undoable step', async () => {
  const { page } = journey
  const cards = cardsTitled(page, 'Load Image')
  const before = await cards.count()
  await dropFile(page, photo, await middleOf(page))
  await until('a second card', async () => (await cards.count()) === before + 1)
  await page.keyboard.press('Control+z')
  await until('the card to go', async () => (await cards.count()) === before)
  await page.keyboard.press('Control+Shift+z')
  await until('the card to come back', async () => (await cards.count()) === before + 1)
})

test('a picture that was made here opens its workflow', async () => {
  const { page, host } = journey
  const [picture] = filesOf((await history(host.url))[0]!)
  const made = join(host.dataDir, 'output', picture!.subfolder, picture!.filename)
  await dropFile(
    page,
    { name: 'from-a-friend.png', bytes: readFileSync(made) },
    await middleOf(page),
  )
  await page
    .getByTestId('dropped-picture')
    .getByRole('button', { name: 'Open its workflow' })
    .click()
  await page.getByText('from-a-friend').first().waitFor()
  await fitView(page)
  await cardsTitled(page, 'Save Image').first().waitFor()
})

test('the portrait cut-out runs', async () => {
  const page = await journey.open()
  await openTemplate(page, 'portrait-cut-out')
  await fitView(page)
  const id = await idOf(cardsTitled(page, 'Save the cut-out').first())
  await page.getByTestId('run').click()
  await until('the cut-out', async () =>
    (await picturesOn(page, id)).find(src => src.includes('/assets/')),
  )
})

test('nothing went wrong on the page', () => expect(journey.complaints).toEqual([]))
