// A newcomer's first minute: one click, a prompt, a picture; and it is still there tomorrow.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { extractWorkflow } from '../engine/image/extract-workflow.ts'
import {
  card,
  fitView,
  history,
  picturesOn,
  runToEnd,
  startFirstPicture,
  until,
} from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

const saveNode = '9'
let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
})
afterAll(() => journey.end())

test('one click opens a workflow that is ready to run', async () => {
  const { page } = journey
  await startFirstPicture(page)
  expect(await page.getByTestId('prompt').inputValue()).toBe('a house in the snow')
  expect(await page.getByTestId('status-sent').textContent()).toContain('0 bytes sent')
})

test('Run shows progress and ends with a picture on the card', async () => {
  const { page } = journey
  await page.getByTestId('prompt').fill('a yellow banana')
  await fitView(page)
  const running = card(page, 5)
    .getByText(/\d+\/20/)
    .waitFor({ timeout: 30_000 })
  const url = await runToEnd(page, saveNode)
  await running
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer())
  const { prompt, workflow } = extractWorkflow(bytes)
  expect(prompt).toContain('a yellow banana')
  expect(workflow).toContain('a yellow banana')
})

test('the picture on disk is the picture on the card', async () => {
  const { page, host } = journey
  const [url] = await picturesOn(page, saveNode)
  const onCard = Buffer.from(await (await fetch(url!.split('?')[0]!)).arrayBuffer())
  const onDisk = readFileSync(join(host.dataDir, 'output', 'first-picture_00001_.png'))
  expect(onDisk.equals(onCard)).toBe(true)
})

test('a locked seed and nothing changed: everything is kept, no node runs again', async () => {
  const { page, host } = journey
  const lock = page.getByTestId('seed').getByRole('button').last()
  if ((await lock.getAttribute('aria-pressed')) !== 'true') await lock.click()
  // The seed on the card is the one that was used; locked, the same picture is asked for again.
  const before = (await history(host.url)).length
  await page.getByTestId('run').click()
  const entry = await until('the second run to end', async () => {
    const runs = await history(host.url)
    return runs.length > before && runs.at(-1)
  })
  const [, cached] = entry.status.messages.find(([type]) => type === 'execution_cached') ?? []
  expect(cached?.nodes?.length).toBe(9)
})

test('the gallery has it, with the words it was made from', async () => {
  const { page } = journey
  await page.getByTestId('room-gallery').click()
  const items = page.getByTestId('gallery-item')
  await items.first().waitFor()
  expect(await items.count()).toBe(1)
  await items.first().click()
  await page.getByText('a yellow banana').first().waitFor()
  await page.getByText('dpmpp_2m').first().waitFor()
})

test('“Open workflow” brings back the graph as it ran', async () => {
  const { page } = journey
  await page.getByTestId('gallery-open-workflow').first().click()
  await page.getByTestId('prompt').waitFor()
  expect(await page.getByTestId('prompt').inputValue()).toBe('a yellow banana')
})

test('nothing went wrong on the page, and nothing was sent', async () => {
  const { page, complaints } = journey
  expect(complaints).toEqual([])
  expect(await page.getByTestId('status-sent').textContent()).toContain('0 bytes sent')
})
