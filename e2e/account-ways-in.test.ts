// Other ways into an account, and the states in which a person is kept out.
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalCloud, startCloud } from '../supabase/local/cloud.ts'
import { inBrowser, startFirstPicture } from './actions.ts'
import { type Journey, startJourney } from './harness.ts'

let cloud: LocalCloud
let journey: Journey

beforeAll(async () => {
  cloud = await startCloud()
  journey = await startJourney({
    COMFYRUNNER_CLOUD_URL: cloud.url,
    COMFYRUNNER_CLOUD_KEY: cloud.publishableKey,
  })
})
afterAll(async () => {
  await journey?.end()
  await cloud?.stop()
})

const accountEmail = 'ben@example.test'
const goToAccount = (page: Page) => page.getByTestId('room-account').click()
const codeOf = async (to: string) => /\b\d{6}\b/.exec((await cloud.mails.waitFor({ to })).text)![0]

async function fill(page: Page, fields: Record<string, string>) {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value)
}

test('the link in the mail, opened elsewhere, leads in as well', async () => {
  const { page } = journey
  await goToAccount(page)
  await page.getByRole('button', { name: 'Create an account' }).click()
  await fill(page, { 'E-mail address': accountEmail, Password: 'the first password' })
  await page.getByRole('button', { name: 'Create account', exact: true }).click()
  const mail = await cloud.mails.waitFor({ to: accountEmail })
  const link = mail.links.find(link => link.includes('/auth/v1/verify'))!
  const landed = await fetch(link)
  expect(await landed.text()).toMatch(/ComfyRunner/)
  await page.getByTestId('plan-name').waitFor({ timeout: 20_000 })
})

test('a taken address: no mail comes, the page says what that means and leads to the way in', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByRole('button', { name: 'Create an account' }).click()
  await fill(page, { 'E-mail address': accountEmail, Password: 'a guess of somebody' })
  await page.getByRole('button', { name: 'Create account', exact: true }).click()
  await page.getByText(/None comes when this address has an account already/).waitFor()
  await page.getByRole('button', { name: 'Sign in instead' }).click()
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
})

test('a forgotten password: a code by mail, a new one, and in', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Forgot the password' }).click()
  await fill(page, { 'E-mail address': accountEmail })
  await page.getByRole('button', { name: 'Send the code' }).click()
  await page.getByLabel('New password').waitFor()
  await fill(page, {
    'Code of six digits': await codeOf(accountEmail),
    'New password': 'the second password',
  })
  await page.getByRole('button', { name: 'Set it and sign in' }).click()
  await page.getByTestId('plan-name').waitFor()
})

test('another address takes the codes of both mailboxes', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Change' }).first().click()
  await fill(page, { 'New e-mail address': 'benny@example.test' })
  await page.getByRole('button', { name: 'Send the codes' }).click()
  await fill(page, {
    [`Code from the mail to ${accountEmail}`]: await codeOf(accountEmail),
    'Code from the mail to benny@example.test': await codeOf('benny@example.test'),
  })
  await page.getByRole('button', { name: 'Confirm' }).click()
  await page.getByText('The address is changed').waitFor()
  await page.getByText('benny@example.test').first().waitFor()
})

test('another password', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Change' }).last().click()
  await fill(page, { 'Present password': 'not it', 'New password': 'the third password' })
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('The password is not right.').waitFor()
  await fill(page, { 'Present password': 'the second password' })
  await page.getByRole('button', { name: 'Change the password' }).click()
  await page.getByText('The password is changed').waitFor()
})

test('Google, through the system’s browser; refused there is said here', async () => {
  const { page } = journey
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByTestId('sign-in').waitFor()
  cloud.google.refuseNext()
  const google = () =>
    inBrowser(page, () => page.getByRole('button', { name: 'Continue with Google' }).click())
  const refused = await google()
  await refused.getByText('did not work').waitFor()
  await refused.close()
  await page.getByTestId('sign-in').waitFor()

  cloud.google.nextUser({ sub: 'g-7', email: 'gina@gmail.com', name: 'Gina' })
  const opened = await google()
  await opened.getByText('You are signed in').waitFor()
  await opened.close()
  await page.getByTestId('plan-name').waitFor()
  await page.getByText('gina@gmail.com').first().waitFor()
})

test('the limit reached: it says until when and what to do, and the workflow stays', async () => {
  const { page } = journey
  const [plan] = await cloud.database.sql`
    update public.plans set trial_workflows = 0, offline_grace = 0 where id = 'free' returning id`
  expect(plan).toBeDefined()
  // What the device holds already is its own: a new one holds nothing.
  await cloud.database.sql`delete from public.usage_leases`
  await page.getByRole('button', { name: 'Sign out', exact: true }).click()
  await page.getByTestId('sign-in').waitFor()
  const opened = await inBrowser(page, () =>
    page.getByRole('button', { name: 'Continue with Google' }).click(),
  )
  await page.getByTestId('plan-name').waitFor()
  await opened.getByText('You are signed in').waitFor()
  await opened.close()
  await page.getByTestId('room-editor').click()
  await startFirstPicture(page)
  await page.getByTestId('prompt').fill('one too many')
  await page.getByTestId('run').click()
  await page
    .getByTestId('problems')
    .getByText(/workflows of the trial are used/)
    .waitFor()
  expect(await page.getByTestId('prompt').inputValue()).toBe('one too many')
  await page.getByTestId('problems').getByRole('button', { name: 'Open Account' }).click()
  await page.getByTestId('used-up').getByText('The trial is used up.').waitFor()
})

test('suspended: the account says why, and everything here stays', async () => {
  const { page } = journey
  await cloud.database.sql`
    select app.suspend(id, 'many accounts') from public.profiles where email = 'gina@gmail.com'`
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await page.getByTestId('account-notice').getByText('suspended: many accounts').waitFor()
})

test('erased meanwhile: the device says so, and offers the way in', async () => {
  const { page } = journey
  await cloud.database.sql`delete from auth.users where email = 'gina@gmail.com'`
  await page.evaluate(() => window.dispatchEvent(new Event('focus')))
  await page.getByTestId('account-notice').getByText('no longer exists').waitFor()
  await page.getByTestId('sign-in').waitFor()
})
