// A person's way through the account, against the whole cloud on this machine: sign up, subscribe,
// be counted, store a workflow, open it elsewhere, take everything along, leave, and stay after all.
import { readFileSync } from 'node:fs'
import { strFromU8, unzipSync } from 'fflate'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalCloud, startCloud } from '../supabase/local/cloud.ts'
import { inBrowser, lastStep, runToEnd, startFirstPicture, until } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'
import { type Recorder, record } from './recorder.ts'

const accountEmail = 'ann@example.test'
const accountPassword = 'a long password'
/** A word that stands in the workflow and nowhere else. */
const canary = 'a canary in a cage of brass'

let cloud: LocalCloud
let recorder: Recorder
let journey: Journey
let elsewhere: Journey | undefined

const settings = () => ({
  COMFYRUNNER_CLOUD_URL: recorder.url,
  COMFYRUNNER_CLOUD_KEY: cloud.publishableKey,
})

beforeAll(async () => {
  cloud = await startCloud()
  recorder = await record(cloud.url)
  journey = await startJourney(settings())
})
afterAll(async () => {
  await journey?.end()
  await elsewhere?.end()
  await recorder?.stop()
  await cloud?.stop()
})

const goToAccount = (page: Page) => page.getByTestId('room-account').click()
const usage = (page: Page) => page.getByTestId('usage').textContent()

async function signIn(page: Page, email = accountEmail, password = accountPassword) {
  await page.getByLabel('E-mail address').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
}

/** Buttons, fields and links that a notice lies on. What is scrolled away is under nothing. */
const underToasts = (page: Page) =>
  page.evaluate(async () => {
    const notices = [...document.querySelectorAll('[data-testid=toast]')]
    // They slide in.
    await Promise.all(document.getAnimations().map(({ finished }) => finished.catch(() => {})))
    const scroller = document.querySelector('main .overflow-y-auto')!
    const inSight = (control: Element) => {
      const { left, right, top, bottom } = control.getBoundingClientRect()
      const edge = scroller.contains(control) ? scroller.getBoundingClientRect().top : 0
      return { left, right, top: Math.max(top, edge), bottom }
    }
    return [...document.querySelectorAll('button, input, select, a')]
      .filter(control => !notices.some(notice => notice.contains(control)))
      .filter(control => {
        const box = inSight(control)
        return notices.some(notice => {
          const { left, right, top, bottom } = notice.getBoundingClientRect()
          const overlaps = box.left < right && box.right > left && box.top < bottom
          return overlaps && box.bottom > Math.max(top, box.top)
        })
      })
      .map(control => control.outerHTML.slice(0, 100))
  })

test('signed out: pictures are made, nothing is asked, nothing of the account is loaded', async () => {
  const { page } = journey
  await startFirstPicture(page)
  await page.getByTestId('prompt').fill(canary)
  await runToEnd(page, '9')
  expect(recorder.requests).toEqual([])
  const scripts = await page.evaluate(() =>
    performance.getEntriesByType('resource').map(({ name }) => name),
  )
  expect(scripts.filter(name => name.includes('account-room'))).toEqual([])
})

test('what is wrong is said: a short password, a wrong one', async () => {
  const { page } = journey
  await goToAccount(page)
  await signIn(page, accountEmail, 'nonsense')
  await page.getByText('The e-mail address or the password is not right.').waitFor()
})

test('sign up, and the code of the mail leads in', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Create an account' }).click()
  await page.getByLabel('E-mail address').fill(accountEmail)
  await page.getByLabel('Password').fill(accountPassword)
  await page.getByRole('button', { name: 'Create account', exact: true }).click()
  await page.getByText('Look into your mailbox').waitFor()
  const mail = await cloud.mails.waitFor({ to: accountEmail })
  const code = /\b\d{6}\b/.exec(mail.text)![0]
  await page.getByLabel('Code of six digits').fill('000000')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByText('The code is wrong or has expired.').waitFor()
  await page.getByLabel('Code of six digits').fill(code)
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByTestId('plan-name').waitFor()
  expect(await usage(page)).toMatch(/^0 of 50$/)
})

test('subscribing in the browser shows here by itself, and the quota rises', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Upgrade' }).click()
  const stripe = await inBrowser(page, () =>
    page.getByRole('button', { name: 'Choose Plus' }).click(),
  )
  await lastStep(stripe, async () => {
    await stripe.getByRole('button', { name: 'Pay' }).click()
    await stripe.getByText('go back to ComfyRunner').waitFor()
  })
  await until('the plan to change', async () =>
    (await page.getByTestId('plan-name').textContent())?.includes('Plus'),
  )
  await until('the quota to rise', async () => (await usage(page)) === '0 of 1,000')
  await page.getByRole('heading', { name: 'Receipts' }).waitFor()
})

test('a run is counted, and only its number is sent', async () => {
  const { page } = journey
  await page.getByTestId('room-editor').click()
  await page.getByTestId('prompt').fill(`${canary}, at night`)
  await runToEnd(page, '9')
  await goToAccount(page)
  await until('the run to count', async () => (await usage(page)) === '1 of 1,000')
  await until('the count to be reported', async () =>
    recorder.requests.some(
      ({ path, body }) => path.includes('usage') && /"events":\[\{/.test(body),
    ),
  )
  expect(recorder.requests.filter(({ body }) => body.includes(canary))).toEqual([])
})

test('“Save to my account” is the one way that a workflow leaves', async () => {
  const { page } = journey
  await page.getByTestId('room-editor').click()
  await page.getByRole('button', { name: 'Workflow', exact: true }).click()
  await page.getByText('Save to my account').click()
  await page.getByText('is saved to your account').waitFor()
  const carrying = recorder.requests.filter(({ body }) => body.includes(canary))
  expect(carrying.map(({ path }) => path)).toEqual(['/rest/v1/rpc/save_workflow'])
})

test('a second device signs in within a second, opens it, and saves its own change', async () => {
  elsewhere = await startJourney(settings())
  const { page } = elsewhere
  await goToAccount(page)
  const startMs = performance.now()
  await signIn(page)
  await page.getByTestId('plan-name').waitFor()
  console.log(`signed in after ${Math.round(performance.now() - startMs)} ms`)
  await page.getByTestId('stored-workflow').getByRole('button', { name: 'Open' }).click()
  await page.getByTestId('prompt').waitFor()
  expect(await page.getByTestId('prompt').inputValue()).toBe(`${canary}, at night`)
  await page.getByTestId('prompt').fill('another bird')
  await page.getByRole('button', { name: 'Workflow', exact: true }).click()
  await page.getByText('Save to my account').click()
  await page.getByText('is saved to your account').waitFor()
})

test('two devices saved: the person chooses, and both states stay', async () => {
  const { page } = journey
  await page.getByTestId('prompt').fill('a third bird')
  await page.getByRole('button', { name: 'Workflow', exact: true }).click()
  await page.getByText('Save to my account').click()
  await page.getByTestId('save-conflict').waitFor()
  await page.getByRole('button', { name: 'Mine as the newest' }).click()
  await page.getByTestId('save-conflict').waitFor({ state: 'detached' })
  await goToAccount(page)
  await page.getByText('Version 3').first().waitFor()
  await page.getByRole('button', { name: /^More for/ }).click()
  await page.getByText('Versions', { exact: true }).click()
  await page.getByTestId('versions').getByText('Version 2').waitFor()
})

test('a share link opens a copy, until it is revoked', async () => {
  const { page } = journey
  const row = page.getByTestId('stored-workflow')
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: /^More for/ }).click()
  await page.getByText('Share by a link').click()
  const link = await until('the link', () =>
    row
      .getByRole('button', { name: 'Shared' })
      .getAttribute('title', { timeout: 500 })
      .catch(() => null),
  )
  await page.getByTestId('toast').waitFor()
  expect(await underToasts(page)).toEqual([])
  const answer = await fetch(link)
  expect(JSON.stringify(await answer.json())).toContain('a third bird')
  await page.getByRole('button', { name: /^More for/ }).click()
  await page.getByText('Stop sharing').click()
  await row.getByRole('button', { name: 'Shared' }).waitFor({ state: 'detached' })
  expect((await fetch(link)).status).toBe(404)
})

test('the export holds what the person saved, readably', async () => {
  const { page } = journey
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export' }).click(),
  ])
  const files = unzipSync(readFileSync(await download.path()))
  expect(Object.keys(files)).toContain('manifest.json')
  const everything = Object.values(files)
    .map(bytes => strFromU8(bytes))
    .join('\n')
  for (const held of [accountEmail, 'a third bird', canary]) expect(everything).toContain(held)
})

test('leaving asks for the password, gives 14 days, and can be taken back', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.getByLabel(/^Your password/).fill('not it')
  await page.getByRole('button', { name: /^Delete my account/ }).click()
  await page.getByText('The password is not right.').waitFor()
  await page.getByLabel(/^Your password/).fill(accountPassword)
  await page.getByRole('button', { name: /^Delete my account/ }).click()
  await page.getByTestId('deletion-pending').waitFor()
  await page.getByRole('button', { name: 'Keep the account' }).click()
  await page.getByTestId('deletion-pending').waitFor({ state: 'detached' })
})

test('a notice lies on no control, however narrow the window', async () => {
  const { page } = journey
  const size = page.viewportSize()!
  await page.setViewportSize({ width: 640, height: size.height })
  recorder.cut(true)
  await page.getByLabel('Name', { exact: true }).fill('Ann')
  await page.getByLabel('Name', { exact: true }).press('Enter')
  await page.getByTestId('toast').getByText('The name was not kept.').waitFor()
  expect(await underToasts(page)).toEqual([])
  const [notice, header] = await Promise.all(
    [page.getByTestId('toast'), page.locator('header')].map(part => part.boundingBox()),
  )
  expect(notice!.y).toBeGreaterThanOrEqual(header!.y)
  expect(notice!.y + notice!.height).toBeLessThanOrEqual(header!.y + header!.height)
  recorder.cut(false)
  await page.setViewportSize(size)
  await page.getByTestId('toast').getByLabel('Dismiss').click()
  await page.getByRole('button', { name: 'Try again' }).click()
  await page.getByTestId('account-notice').waitFor({ state: 'detached' })
})

test('a lost device is removed, this one is not offered for it', async () => {
  const { page } = journey
  const devices = page
    .locator('section')
    .filter({ has: page.getByText('Devices', { exact: true }) })
  expect(await devices.getByRole('button', { name: 'Remove' }).count()).toBe(1)
  await devices.getByRole('button', { name: 'Remove' }).click()
  await devices.getByText('Removed').waitFor()
})

test('offline: what was heard stays in sight, and runs go on', async () => {
  const { page } = journey
  recorder.cut(true)
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await page.getByTestId('account-notice').getByText('cannot be reached').waitFor()
  expect(await page.getByTestId('plan-name').textContent()).toContain('Plus')
  await page.getByTestId('room-editor').click()
  await page.getByTestId('prompt').fill('a bird without a cable')
  await runToEnd(page, '9')
  await goToAccount(page)
  await page.getByText('1 not reported yet').waitFor()
  recorder.cut(false)
  await page.getByRole('button', { name: 'Try again' }).click()
  await until('it to be reported', async () => (await usage(page)) === '2 of 1,000')
})

test('cancelled in the portal, it says until when it goes on', async () => {
  const { page } = journey
  const portal = await inBrowser(page, () =>
    page.getByRole('button', { name: 'Cancel the plan' }).click(),
  )
  await lastStep(portal, () => portal.getByRole('button', { name: 'Cancel plan' }).click())
  await page.getByText(/Cancelled: it goes on until/).waitFor()
})

test('resumed, changed to a larger plan and back: each shows here by itself', async () => {
  const { page } = journey
  const inPortal = async (open: string, press: string | RegExp) => {
    const portal = await inBrowser(page, () => page.getByRole('button', { name: open }).click())
    await lastStep(portal, () => portal.getByRole('button', { name: press }).click())
  }
  await inPortal('Resume the plan', 'Resume')
  await page.getByText(/renews on/).waitFor()
  await inPortal('Change the plan', /to Pro/)
  await until('the larger quota', async () => (await usage(page)) === '2 of 10,000')
  expect(await page.getByTestId('plan-name').textContent()).toBe('Pro')
  await inPortal('Change the plan', /to Plus/)
  await until('the smaller quota', async () => (await usage(page)) === '2 of 1,000')
})

test('a second window shows the same, and follows', async () => {
  const { page, host } = journey
  const second = await page.context().browser()!.newPage()
  await second.goto(`${host.url}/#/account`)
  await second.getByTestId('plan-name').getByText('Plus').waitFor()
  await second.getByLabel('Name', { exact: true }).fill('Ann')
  await second.getByLabel('Name', { exact: true }).press('Enter')
  await until(
    'the name in the first window',
    async () => (await page.getByLabel('Name', { exact: true }).inputValue()) === 'Ann',
  )
  await second.close()
})

test('signed out everywhere: the other device says so and offers the way in', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.getByTestId('sign-in').waitFor()
  const other = elsewhere!.page
  await goToAccount(other)
  await other.evaluate(() => window.dispatchEvent(new Event('focus')))
  await other.getByTestId('account-expired').waitFor()
})

test('the network ledger names every host that was asked, and what for', async () => {
  const { page } = journey
  await page.getByTestId('room-settings').click()
  const rows = page.locator('table tbody tr').filter({ hasNotText: 'look for ComfyUI' })
  await rows.filter({ hasText: 'report how many workflows were run' }).first().waitFor()
  expect(await rows.filter({ hasText: new URL(recorder.url).host }).count()).toBe(
    await rows.count(),
  )
})

test('nothing went wrong on either page', () => {
  const expected = /status of 4\d\d|Failed to load resource/
  const all = [...journey.complaints, ...elsewhere!.complaints]
  expect(all.filter(complaint => !expected.test(complaint))).toEqual([])
})
