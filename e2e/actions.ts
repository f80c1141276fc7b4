// What people do on the page, said once: the journeys read as stories.
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { expect } from 'vitest'

export const card = (page: Page, id: string | number): Locator => page.getByTestId(`node-${id}`)

/** Cards by the title in their head; a note that mentions it does not count. */
export const cardsTitled = (page: Page, title: string): Locator =>
  page
    .locator('[data-testid^="node-"]:not(.note)')
    .filter({ has: page.getByText(title, { exact: true }) })

export async function idOf(card: Locator): Promise<string> {
  return (await card.getAttribute('data-testid'))!.slice('node-'.length)
}

/** Waits until `look` holds, looking again and again: the page lives, so one look proves nothing. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false | null>,
  timeoutMs = 30_000,
): Promise<T> {
  const endMs = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen) return seen
    if (Date.now() > endMs) throw new Error(`Waited ${timeoutMs / 1000} s for: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

export async function openTemplate(page: Page, name: string): Promise<void> {
  await page.getByTestId(`template-${name}`).click()
  await page.locator('[data-testid^="node-"]').first().waitFor()
}

export const startFirstPicture = (page: Page): Promise<void> => openTemplate(page, 'first-picture')

/** A run as ComfyUI's clients read it. */
export interface HistoryEntry {
  status: { status_str: 'success' | 'error'; messages: [string, { nodes?: string[] }][] }
  outputs: Record<string, { images?: { filename: string; subfolder: string }[] }>
}

/** Asks the host as ComfyUI's clients do, oldest first: what the page shows must agree with it. */
export async function history(url: string): Promise<HistoryEntry[]> {
  const answer = await fetch(`${url}/history`)
  return Object.values((await answer.json()) as Record<string, HistoryEntry>)
}

/** The files that a run wrote. */
export const filesOf = ({ outputs }: HistoryEntry) =>
  Object.values(outputs).flatMap(({ images }) => images ?? [])

/** Shows every card: those out of sight are not drawn. */
export async function fitView(page: Page): Promise<void> {
  await page.getByTestId('canvas').press('1')
  await page.waitForTimeout(400)
}

/** Pictures that have arrived on a card, by their URL. */
export const picturesOn = (page: Page, id: string | number) =>
  card(page, id)
    .locator('img')
    .evaluateAll(images =>
      images
        .filter(image => (image as HTMLImageElement).naturalWidth > 0)
        .map(image => (image as HTMLImageElement).src),
    )

export async function runToEnd(page: Page, saveNode: string, timeoutMs = 60_000): Promise<string> {
  const before = new Set(await picturesOn(page, saveNode))
  await page.getByTestId('run').click()
  const url = await until(
    `a new picture on node ${saveNode}`,
    async () =>
      (await picturesOn(page, saveNode)).find(url => !before.has(url) && url.includes('/assets/')),
    timeoutMs,
  )
  // The picture shows a moment before the run counts as over.
  await page.getByTestId('cancel').waitFor({ state: 'detached' })
  return url
}

const mimeOf: Record<string, string> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  webp: 'image/webp',
  json: 'application/json',
}

/** Drops a file from the disk at a place of the page, as a file manager does. */
export async function dropFile(
  page: Page,
  file: string | { name: string; bytes: Uint8Array },
  at: { x: number; y: number },
): Promise<void> {
  const name = typeof file === 'string' ? basename(file) : file.name
  const bytes = typeof file === 'string' ? readFileSync(file) : file.bytes
  await page.evaluate(
    async ({ name, mime, base64, at }) => {
      const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0))
      const transfer = new DataTransfer()
      transfer.items.add(new File([bytes], name, { type: mime }))
      const target = document.elementFromPoint(at.x, at.y) ?? document.body
      for (const type of ['dragenter', 'dragover', 'drop'])
        target.dispatchEvent(
          new DragEvent(type, {
            bubbles: true,
            cancelable: true,
            dataTransfer: transfer,
            clientX: at.x,
            clientY: at.y,
          }),
        )
    },
    {
      name,
      mime: mimeOf[name.split('.').at(-1)!.toLowerCase()] ?? '',
      base64: Buffer.from(bytes).toString('base64'),
      at,
    },
  )
}

/** Drops a workflow, in either of ComfyUI's formats, as a file on the page: a tab of its own, all in view. */
export async function openDropped(page: Page, name: string, workflow: object): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(workflow))
  const before = await page.getByRole('tab').count()
  await dropFile(page, { name: `${name}.json`, bytes }, { x: 640, y: 500 })
  await until('its tab', async () => (await page.getByRole('tab').count()) > before)
  await page.getByTestId('canvas').waitFor()
  await page.locator('[data-testid^="node-"]').first().waitFor()
  await fitView(page)
}

export const middleOf = async (page: Page): Promise<{ x: number; y: number }> => {
  const box = await page.getByTestId('canvas').boundingBox()
  expect(box).not.toBeNull()
  return { x: box!.x + box!.width / 2, y: box!.y + box!.height * 0.75 }
}

/** The page that `act` opens in the system's browser, which here is the same one. */
export async function inBrowser(page: Page, act: () => Promise<unknown>): Promise<Page> {
  const [opened] = await Promise.all([page.context().waitForEvent('page'), act()])
  await opened.waitForLoadState()
  return opened
}

/**
 * The last step on a page in the system's browser: does it, and closes the page once the answer is
 * there. Chromium forgets a close that meets a navigation on its way (crbug.com/536385539), and
 * the test would wait for ever.
 */
export async function lastStep(opened: Page, act: () => Promise<unknown>): Promise<void> {
  await Promise.all([opened.waitForEvent('load'), act()])
  await opened.close()
}
