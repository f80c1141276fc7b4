// What goes wrong in real life: a change of mind, a crash of the engine, a power cut.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { card, fitView, history, runToEnd, startFirstPicture, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

const samplerNode = '5'
const saveNode = '9'
let journey: Journey

beforeAll(async () => {
  journey = await startJourney()
  await startFirstPicture(journey.page)
  await fitView(journey.page)
})
afterAll(() => journey.end())

/** The engine is the host's child that runs the worker (Linux and macOS: `ps` tells). */
async function enginePid(hostPid: number): Promise<number> {
  const { execFileSync } = await import('node:child_process')
  const rows = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n')
  const row = rows.find(line => {
    const [, parent] = line.trim().split(/\s+/)
    return Number(parent) === hostPid && line.includes('run/worker.ts')
  })
  if (!row) throw new Error('The host has no engine process.')
  return Number(row.trim().split(/\s+/)[0])
}

const setSteps = async (steps: number) => {
  const { page } = journey
  const field = card(page, samplerNode).locator('[data-widget="steps"] input')
  await field.dblclick()
  await field.fill(String(steps))
  await field.press('Enter')
}

const lastRun = async () => Object.values(await history(journey.host.url)).at(-1)
const runs = async () => Object.keys(await history(journey.host.url)).length

test('a run is cancelled between two steps', async () => {
  const { page } = journey
  await setSteps(5000)
  await page.getByTestId('run').click()
  await card(page, samplerNode)
    .getByText(/\d+\/5000/)
    .waitFor()
  await page.getByTestId('cancel').click()
  await page.getByTestId('cancel').waitFor({ state: 'detached' })
  const run = await until('the run in the history', lastRun)
  expect(JSON.stringify(run.status)).toContain('execution_interrupted')
})

test('kill -9 of the engine: the run says why, the queued one completes', async () => {
  const { page, host } = journey
  const before = await runs()
  await page.getByTestId('run').click()
  await card(page, samplerNode)
    .getByText(/\d+\/5000/)
    .waitFor()
  await setSteps(20)
  await page.getByTestId('run').click()
  process.kill(await enginePid(host.pid), 'SIGKILL')
  await page.getByText('The engine process ended unexpectedly', { exact: false }).first().waitFor()
  await until(
    'the queued run to end well',
    async () => {
      const all = await history(host.url)
      return all.length === before + 2 && all.at(-1)!.status.status_str === 'success'
    },
    90_000,
  )
  const failed = (await history(host.url)).at(-2)
  expect(failed!.status.status_str).toBe('error')
  expect(JSON.stringify(failed!.status)).toContain('SIGKILL')
  // No stack trace for people.
  expect(await page.locator('body').textContent()).not.toMatch(/at .*\.ts:\d+/)
})

test('kill -9 of the host: edits of a second ago, history and queue are there', async () => {
  const { page, host } = journey
  await runToEnd(page, saveNode)
  const before = await runs()
  await setSteps(5000)
  await page.getByTestId('run').click()
  await card(page, samplerNode)
    .getByText(/\d+\/5000/)
    .waitFor()
  await setSteps(7)
  await page.getByTestId('run').click()
  await page.getByTestId('prompt').fill('a blue star, written just before the power went')
  await page.waitForTimeout(1000)
  await host.restart()

  const again = await journey.open()
  await again
    .locator('section')
    .filter({ has: again.getByRole('heading', { name: 'Your workflows' }) })
    .getByRole('button')
    .first()
    .click()
  await again.getByTestId('prompt').waitFor()
  expect(await again.getByTestId('prompt').inputValue()).toBe(
    'a blue star, written just before the power went',
  )
  await until(
    'the queued run to go on by itself',
    async () => (await runs()) === before + 2,
    60_000,
  )
  const all = await history(host.url)
  expect(all.at(-2)!.status.status_str).toBe('error')
  expect(all.at(-1)!.status.status_str).toBe('success')
  await again.getByTestId('room-gallery').click()
  await again.getByTestId('gallery-item').first().waitFor()
})

test('the database is whole after all that', async () => {
  const { default: Database } = await import('better-sqlite3')
  // The host keeps the file to itself, so a copy is looked at, as a backup would be.
  const copy = mkdtempSync(join(tmpdir(), 'comfyrunner-copy-'))
  for (const name of ['comfyrunner.db', 'comfyrunner.db-wal'])
    if (existsSync(join(journey.host.dataDir, name)))
      copyFileSync(join(journey.host.dataDir, name), join(copy, name))
  const database = new Database(join(copy, 'comfyrunner.db'))
  expect(database.pragma('integrity_check', { simple: true })).toBe('ok')
  expect(database.prepare('SELECT count(*) AS runs FROM runs').get()).toEqual({
    runs: (await history(journey.host.url)).length,
  })
  database.close()
  rmSync(copy, { recursive: true })
})

test('nothing went wrong on the page', () => expect(journey.complaints).toEqual([]))
