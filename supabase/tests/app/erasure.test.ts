// A person leaves: after the days of grace nothing of them is anywhere in the cloud, nor on the device.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyDocument } from '../../../engine/graph/document.ts'
import { documentText } from '../../../engine/graph/open-workflow.ts'
import { type LocalCloud, startCloud } from '../../local/cloud.ts'
import { superuser } from '../../local/postgres.ts'
import { type Device, openDevice } from './device.ts'

const canary = 'canary-5d1e77'
const email = `${canary}@example.test`
const goodPassword = 'a-good-password-1'
const dayMs = 86_400_000

let cloud: LocalCloud
let dir: string
let device: Device
/** Sees the platform's own tables as well. */
let platform: postgres.Sql
const logs: string[] = []

beforeAll(async () => {
  cloud = await startCloud({ log: line => logs.push(line) })
  const url = new URL(cloud.databaseUrl)
  url.username = superuser
  platform = postgres(url.href, { max: 1, onnotice: () => undefined })
  dir = mkdtempSync(join(tmpdir(), 'erasure-'))
  device = openDevice({ dir, url: cloud.url, key: cloud.publishableKey, name: canary })
})
afterAll(async () => {
  device?.close()
  await platform?.end()
  await cloud?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const cron = async (task: string) => {
  const answer = await fetch(`${cloud.functionsUrl}/cron/${task}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.env.CRON_SECRET}` },
  })
  expect(answer.status).toBe(200)
}
const everyNight = async () => {
  for (const task of ['periods', 'reminders', 'reconcile', 'erase', 'retention']) await cron(task)
}

/** Tables of every schema in which some row holds the text. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await platform<{ name: string }[]>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'app', 'auth', 'storage')`
  const hits = []
  for (const { name } of tables) {
    const [row] = await platform.unsafe(
      `select count(*)::int as n from ${name} t where t::text ilike '%' || $1 || '%'`,
      [text],
    )
    if (row!.n > 0) hits.push(name)
  }
  return hits
}

test('the canary is everywhere a person leaves a trace', async () => {
  const { account, store } = device
  await account.signIn.signUp(email, goodPassword)
  const mail = await cloud.mails.waitFor({ to: email })
  await account.signIn.verify(email, /\b\d{6}\b/.exec(mail.text)![0])
  await account.rename(`${canary} by name`)
  const { url } = await account.checkout('plus')
  await cloud.stripe.completeCheckout(url.split('/').at(-1)!)
  await cloud.stripe.webhooks.settled()
  await account.refresh()
  expect(account.state().details!.plan.id).toBe('plus')

  const document = documentText(emptyDocument())
  store.workflows.create(
    'w',
    `${canary} workflow`,
    document.replace('{', `{"note":"${canary}",`),
    0,
  )
  await account.workflows.save('w', 'ask')
  device.run(crypto.randomUUID())
  await account.refresh()
  expect((await tablesWith(canary)).length).toBeGreaterThan(4)
})

test('leaving: reminded, erased after 14 days, and then there is nothing', async () => {
  const { account } = device
  const person = account.state().details!.id
  await account.requestDeletion(goodPassword)
  await cloud.clock.advance(12 * dayMs)
  await everyNight()
  await cloud.mails.waitFor({ to: email, template: 'deletion-reminder' })
  expect(await tablesWith(canary)).not.toEqual([])

  await cloud.clock.advance(3 * dayMs)
  await everyNight()
  await cloud.mails.waitFor({ to: email, template: 'deletion-done' })
  expect(await tablesWith(canary)).toEqual([])
  expect(await tablesWith(person)).toEqual([])
  const log = logs.join('\n')
  expect(logs.length).toBeGreaterThan(5)
  for (const trace of [canary, person]) expect(log).not.toContain(trace)
  // Nobody pays for an account that is gone, and Stripe does not know them any more.
  const { customers, subscriptions } = cloud.stripe.account
  expect(JSON.stringify([...customers.values()])).not.toContain(canary)
  expect([...subscriptions.values()].map(({ status }) => status)).toEqual(['canceled'])
})

test('nothing is written to them ever again', async () => {
  const before = cloud.mails.all().length
  await cloud.clock.advance(40 * dayMs)
  await everyNight()
  expect(cloud.mails.all().length).toBe(before)
})

test('the device forgets them too; their workflows there stay', async () => {
  const { account, store } = device
  // Whatever is asked for first: the answer alone does not say that nobody is there any more.
  await expect(account.rename('still here?')).rejects.toThrow()
  expect(account.state()).toMatchObject({ state: 'signedOut', details: undefined })
  expect(account.state().why).toContain('no longer exists')
  expect(store.workflows.find('w')?.name).toContain(canary)
  expect([store.settings.account('user'), store.settings.account('heard')]).toEqual([null, null])
})
