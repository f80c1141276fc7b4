// The parts together: one port, one clock, one stop.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { LocalCloud } from '../local/cloud.ts'
import { onRealStack, openStack, type Stack } from './stack.ts'

const dayMs = 24 * 3_600_000

describe.skipIf(onRealStack)('the local cloud', () => {
  let stack: Stack
  let cloud: LocalCloud
  beforeAll(async () => {
    stack = await openStack()
    cloud = stack.local!
  })
  afterAll(() => stack?.stop())

  test('listens on 127.0.0.1 alone', () => {
    const { url, functionsUrl, mails, google, stripe, databaseUrl } = cloud
    for (const address of [url, functionsUrl, mails.url, google.url, stripe.url, databaseUrl])
      expect(new URL(address).hostname).toBe('127.0.0.1')
  })

  test('sells the plans at Stripe’s prices, which anyone may read', async () => {
    const { data } = await stack.client().from('plans').select('id,stripe_price_id').order('sort')
    expect(data).toEqual([
      { id: 'free', stripe_price_id: null },
      { id: 'plus', stripe_price_id: 'price_plus_month' },
      { id: 'pro', stripe_price_id: 'price_pro_month' },
    ])
  })

  test('somebody subscribes, and a month later pays again', async () => {
    const { id, client } = await stack.person('subscriber')
    const token = (await client.auth.getSession()).data.session!.access_token
    const response = await fetch(`${cloud.functionsUrl}/checkout`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ planId: 'plus' }),
    })
    expect(response.status).toBe(200)
    const { url } = (await response.json()) as { url: string }
    const session = /cs_\w+/.exec(url)![0]
    expect(await cloud.stripe.completeCheckout(session)).toBe(true)
    const account = async () => (await client.rpc('my_account')).data
    expect((await account()).subscription).toMatchObject({ status: 'active', planId: 'plus' })
    const firstEnd = (await account()).subscription.currentPeriodEnd
    await cloud.clock.advance(32 * dayMs)
    const later = (await account()).subscription
    expect(later.status).toBe('active')
    expect(new Date(later.currentPeriodEnd).getTime()).toBeGreaterThan(new Date(firstEnd).getTime())
    const [row] = await cloud.database.sql`select id from public.profiles where id = ${id}`
    expect(row?.id).toBe(id)
  })

  test('goes on while the database restarts', async () => {
    const { client } = await stack.person('patient')
    await cloud.database.restart()
    let answer = await client.from('plans').select('id')
    for (let i = 0; i < 20 && answer.error; i++) {
      expect(answer.status).toBe(503)
      answer = await client.from('plans').select('id')
    }
    expect(answer.data?.length).toBe(3)
    expect((await client.auth.refreshSession()).error).toBeNull()
    expect((await fetch(`${cloud.functionsUrl}/health`)).status).toBe(200)
  })

  test('says what it has nothing at', async () => {
    const response = await fetch(`${cloud.url}/storage/v1/bucket`)
    expect(response.status).toBe(404)
    expect((await response.json()).message).toContain('/storage/v1/bucket')
  })
})
