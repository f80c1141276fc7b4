// 200 webhooks a second, none lost: for 2 s here, for 10 s with CLOUD_LOAD=10. The double, the
// functions and PostgreSQL share this machine's cores; the rate reached is printed, not demanded.
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Fixture, startFixture } from './fixture.ts'
import { webhookLoad } from './webhook-load.ts'

const rate = 200
const seconds = Number(process.env.CLOUD_LOAD ?? 2)

let cloud: Fixture
beforeAll(async () => {
  cloud = await startFixture()
})
afterAll(() => cloud?.stop())

test(`${rate} events a second for ${seconds} s are all processed, once`, async () => {
  const { events, statuses, subscriptions, figures } = await webhookLoad(cloud, { rate, seconds })
  console.info(figures)
  const { sql } = cloud.database
  expect(new Set(statuses)).toEqual(new Set([200]))
  const [rows] = await sql`
    select count(*)::int as seen, count(processed_at)::int as processed, sum(attempts)::int as attempts
    from app.stripe_events where id in ${sql(events.map(({ id }) => id))}`
  expect(rows).toEqual({
    seen: events.length,
    processed: events.length,
    attempts: events.length,
  })
  const ending = await sql`
    select id, cancel_at_period_end as ends from public.subscriptions where id in ${sql(subscriptions)}`
  for (const { id, ends } of ending)
    expect(ends).toBe(cloud.stripe.account.subscriptions.get(id)!.cancel_at_period_end)
  expect(ending.length).toBe(subscriptions.length)
  // One each for the plan that began, none for what followed.
  expect(cloud.mails.length).toBe(subscriptions.length)
})
