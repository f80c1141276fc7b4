// The person's rights: everything held, as files; and leaving.
import { strFromU8, unzipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columnWords, tableWords } from '../../functions/_shared/export-words.ts'
import { dayMs, type Fixture, type Person, startFixture } from './fixture.ts'

let cloud: Fixture
beforeAll(async () => {
  cloud = await startFixture()
})
afterAll(() => cloud?.stop())

const save = async (
  person: Person,
  name: string,
  document: string,
  id?: string,
): Promise<string> => {
  const [row] = await cloud.database.asUser(
    person.id,
    'select public.save_workflow(name => $1, document => $2, id => $3, base_version => $4) as made',
    [name, document, id ?? null, id ? 1 : null],
  )
  return row!.made.id
}

async function exported(person: Person): Promise<Record<string, string>> {
  const answer = await cloud.call('GET', '/export', { token: person.token })
  expect(answer.headers.get('content-type')).toBe('application/zip')
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="comfyrunner-account-\d{4}-\d\d-\d\d\.zip"$/,
  )
  const files = unzipSync(new Uint8Array(await answer.arrayBuffer()))
  return Object.fromEntries(Object.entries(files).map(([path, bytes]) => [path, strFromU8(bytes)]))
}

describe('export', () => {
  test('holds every row and workflow of the person, and no one else’s', async () => {
    const [mine, other] = [await cloud.person(), await cloud.person()]
    await cloud.subscribe(mine)
    await cloud.subscribe(other)
    const seed = '{"version":1,"seed":18446744073709551615}'
    const id = await save(mine, 'Cats / dogs: <best>', seed)
    await save(mine, 'Cats / dogs: <best>', '{"version":1,"nodes":[1]}', id)
    await save(mine, 'cats / Dogs: <best>', '{"version":1,"twin":true}')
    await save(other, 'Theirs', '{"version":1,"secret":"theirs"}')

    const files = await exported(mine)
    const manifest = JSON.parse(files['manifest.json']!)
    expect(manifest.files.map(({ path }: { path: string }) => path).sort()).toEqual(
      Object.keys(files).sort(),
    )
    expect(files['README.txt']).toContain('Your ComfyRunner account')
    // Documents as they were saved, to the byte: seeds do not fit a JavaScript number.
    expect(files['workflows/Cats - dogs- -best-.json']).toBe('{"version":1,"nodes":[1]}')
    expect(files['workflows/older/Cats - dogs- -best- (version 1).json']).toBe(seed)
    expect(files['workflows/cats - Dogs- -best- 2.json']).toBe('{"version":1,"twin":true}')
    expect(JSON.parse(files['sign-in.json']!).email).toBe(mine.email)
    expect(JSON.parse(files['tables/subscriptions.json']!)).toHaveLength(1)
    expect(
      JSON.parse(files['tables/workflow-versions.json']!).map(
        ({ document }: { document: string }) => document,
      ),
    ).toContain('workflows/Cats - dogs- -best-.json')
    const all = Object.values(files).join('\n')
    expect(all).not.toContain(other.id)
    expect(all).not.toContain(other.email)
    expect(all).not.toContain('theirs')
  })

  test('has words for every table and column that can be in it', async () => {
    const columns = await cloud.database.sql`
      select regexp_replace(relation::text, '^.*[.]', '') as table, c.name
      from app.declared_columns() c
      join app.declared_tables() t using (relation)
      where t.person <> 'none' and c.personal is distinct from 'internal'`
    expect(columns.length).toBeGreaterThan(50)
    const silent = columns.filter(
      ({ table, name }) => !tableWords[table] || !columnWords(table, name),
    )
    expect(silent).toEqual([])
  })

  test('is refused to who is gone', async () => {
    const person = await cloud.person()
    await cloud.database.sql`select app.erase_user(${person.id})`
    const answer = await cloud.call('GET', '/export', { token: person.token })
    expect(answer.status).toBe(401)
  })
})

describe('leaving', () => {
  const leave = (person: Person, token = person.token) => cloud.call('POST', '/deletion', { token })
  const templates = (person: Person) =>
    cloud.mails.filter(({ to }) => to === person.email).map(({ template }) => template)

  test('needs a sign-in of the last ten minutes', async () => {
    const person = await cloud.person()
    const stale = await cloud.token(person.id, { signedInAgoS: 11 * 60 })
    const answer = await leave(person, stale)
    expect(await answer.json()).toMatchObject({ status: 403, code: 'reauthenticate' })
    const fresh = await cloud.token(person.id, { signedInAgoS: 9 * 60 })
    expect((await leave(person, fresh)).status).toBe(200)
    expect((await cloud.call('DELETE', '/deletion', { token: stale })).status).toBe(204)
  })

  test('two weeks to think: no renewal, a reminder, then nothing is left', async () => {
    const person = await cloud.person()
    const id = await cloud.subscribe(person)
    await save(person, 'Mine', '{"version":1,"canary":"3f1c"}')
    const answer = await (await leave(person)).json()
    expect(Math.round((Date.parse(answer.eraseAfter) - cloud.now()) / dayMs)).toBe(14)
    const again = await (await leave(person)).json()
    expect(again.eraseAfter).toBe(answer.eraseAfter)
    const subscription = cloud.stripe.account.subscriptions.get(id)!
    expect(subscription).toMatchObject({ cancel_at_period_end: true, status: 'active' })
    expect(templates(person)).toEqual(['subscription-started', 'deletion-scheduled'])

    await cloud.advance(10 * dayMs)
    await cloud.cron('reminders')
    expect(templates(person)).not.toContain('deletion-reminder')
    await cloud.advance(2 * dayMs)
    await cloud.cron('reminders')
    await cloud.cron('reminders')
    expect(templates(person).filter(template => template === 'deletion-reminder').length).toBe(1)
    expect((await cloud.cron('erase')).erased).toBe(0)
    await cloud.advance(2.1 * dayMs)
    expect(await cloud.cron('erase')).toEqual({ erased: 1, failed: 0 })

    expect(subscription.status).toBe('canceled')
    expect(cloud.stripe.account.liveCustomer(String(subscription.customer))).toBeUndefined()
    await cloud.stripe.webhooks.settled()
    const left = await cloud.database.sql`
      select (select count(*) from auth.users where id = ${person.id}) +
        (select count(*) from public.subscriptions where user_id = ${person.id}) +
        (select count(*) from app.billing_customers where user_id = ${person.id}) +
        (select count(*) from app.mail_log where user_id = ${person.id}) as rows`
    expect(left[0]!.rows).toBe('0')
    expect(templates(person).at(-1)).toBe('deletion-done')
    expect(await cloud.cron('erase')).toEqual({ erased: 0, failed: 0 })
    // Late words from Stripe about who is gone are taken, and bring nothing back.
    const late = cloud.stripe.events.filter(
      ({ data }) => data.object.customer === subscription.customer,
    )
    for (const event of late) expect(await cloud.stripe.resend(event)).toBe(200)
    const [receipts] = await cloud.database.sql`
      select count(*)::int as rows, count(user_id)::int as named from public.invoices where id = ${String(subscription.latest_invoice)}`
    expect(receipts).toEqual({ rows: 1, named: 0 })
  })

  test('a reminder that could not be sent is sent at the next run', async () => {
    const person = await cloud.person()
    await leave(person)
    await cloud.advance(12 * dayMs)
    cloud.mailTrouble(true)
    expect((await cloud.cron('reminders')).deletions).toBe(0)
    cloud.mailTrouble(false)
    expect((await cloud.cron('reminders')).deletions).toBe(1)
    expect(templates(person)).toEqual(['deletion-scheduled', 'deletion-reminder'])
    expect((await cloud.call('DELETE', '/deletion', { token: person.token })).status).toBe(204)
  })

  test('staying brings the plan back, unless they had cancelled it themselves', async () => {
    const [stays, cancelled] = [await cloud.person(), await cloud.person()]
    const plans = {
      stays: await cloud.subscribe(stays),
      cancelled: await cloud.subscribe(cancelled),
    }
    const subscription = (id: string) => cloud.stripe.account.subscriptions.get(id)!
    cloud.stripe.account.cancelAtPeriodEnd(subscription(plans.cancelled), true)
    for (const person of [stays, cancelled]) {
      await leave(person)
      const kept = await cloud.call('DELETE', '/deletion', { token: person.token })
      expect(kept.status).toBe(204)
    }
    expect(subscription(plans.stays)).toMatchObject({
      cancel_at_period_end: false,
      metadata: { user_id: stays.id },
    })
    expect(subscription(plans.cancelled).cancel_at_period_end).toBe(true)
    await cloud.advance(15 * dayMs)
    expect((await cloud.cron('erase')).erased).toBe(0)
  })

  test('who stays through the Data API gets the plan back by reconciliation', async () => {
    const person = await cloud.person()
    const id = await cloud.subscribe(person)
    await leave(person)
    await cloud.database.asUser(person.id, 'select public.cancel_deletion()')
    await cloud.cron('reconcile')
    expect(cloud.stripe.account.subscriptions.get(id)!.cancel_at_period_end).toBe(false)
  })

  test('while Stripe does not answer nothing is erased; the next run does it', async () => {
    const person = await cloud.person()
    await cloud.subscribe(person)
    await leave(person)
    await cloud.advance(14.1 * dayMs)
    cloud.stripe.outage(true)
    expect(await cloud.cron('erase')).toEqual({ erased: 0, failed: 1 })
    cloud.stripe.outage(false)
    expect(
      (await cloud.database.sql`select 1 from auth.users where id = ${person.id}`).length,
    ).toBe(1)
    expect(await cloud.cron('erase')).toEqual({ erased: 1, failed: 0 })
  })
})
