// The profile in step with sign-in, and the pieces that functions build on: rates, mails, the page.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { advanceClock, call, type Json, refusal } from './calls.ts'
import { addFullAccount } from './full-account.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
})
afterAll(() => db?.stop())

const service = (name: string, args: Json) => call(db, 'service', name, args, 'app')
const actions = async (user: string) =>
  (await db.sql`select action from public.audit_log where user_id = ${user}`).map(r => r.action)

describe('profiles follow auth.users', () => {
  test('from sign-up to verification', async () => {
    const user = await db.addUser('new@people.example', { verified: false })
    expect((await call(db, user, 'my_account')).profile).toMatchObject({ emailVerified: false })
    await db.sql`update auth.users set email_confirmed_at = now() where id = ${user}`
    expect((await call(db, user, 'my_account')).profile).toMatchObject({
      email: 'new@people.example',
      emailVerified: true,
      displayName: null,
    })
    expect(await actions(user)).toEqual([])
  })

  test('a name from Google is taken over, cut to what fits', async () => {
    const id = '5f0c0000-0000-4000-8000-000000000001'
    await db.sql`insert into auth.users (id, email, raw_user_meta_data)
      values (${id}, 'google@people.example', ${{ full_name: 'N'.repeat(300) } as never})`
    expect((await call(db, id, 'my_account')).profile.displayName).toBe('N'.repeat(100))
  })

  test('changes of address and password are noted', async () => {
    const user = await db.addUser('before@people.example')
    await db.sql`update auth.users set email = 'after@people.example' where id = ${user}`
    await db.sql`update auth.users set encrypted_password = 'another' where id = ${user}`
    expect((await call(db, user, 'my_account')).profile.email).toBe('after@people.example')
    expect((await actions(user)).sort()).toEqual([
      'account.email_changed',
      'account.password_changed',
    ])
  })

  test('the person corrects the name', async () => {
    const user = await db.addUser('name@people.example')
    await call(db, user, 'update_profile', { display_name: ' Jo ' })
    expect((await call(db, user, 'my_account')).profile.displayName).toBe('Jo')
    await call(db, user, 'update_profile', { display_name: '  ' })
    expect((await call(db, user, 'my_account')).profile.displayName).toBeNull()
    const long = call(db, user, 'update_profile', { display_name: 'x'.repeat(101) })
    expect(await refusal(long)).toMatchObject({ status: 'PT422', code: 'name_too_long' })
  })

  test('and what mails to get, one by one', async () => {
    const user = await db.addUser('mails@people.example')
    const mail = async () => (await call(db, user, 'my_account')).mail
    expect(await mail()).toEqual({ productNews: false, usageAlerts: true })
    await call(db, user, 'update_mail_preferences', { product_news: true })
    await call(db, user, 'update_mail_preferences', { usage_alerts: false })
    expect(await mail()).toEqual({ productNews: true, usageAlerts: false })
  })

  const mailboxes: [string, string][] = [
    ['Jane.Doe+news@GoogleMail.com', 'janedoe@gmail.com'],
    ['jane.doe+news@work.example', 'jane.doe@work.example'],
    [' JANE@Work.Example ', 'jane@work.example'],
    ['"odd@name"@work.example', '"odd@name"@work.example'],
  ]
  test.each(mailboxes)('%s leads to %s', async (address, mailbox) => {
    const [row] = await db.sql`select app.mailbox(${address}) as mailbox`
    expect(row!.mailbox).toBe(mailbox)
  })

  test('a mailbox is stored as a hash that only this database can make', async () => {
    const user = await db.addUser('hash@people.example')
    const hash = async () => {
      const [row] = await db.sql`select mailbox_hash from public.profiles where id = ${user}`
      return row!.mailbox_hash
    }
    const before = await hash()
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    await db.sql`update app.secrets set value = 'another' where name = 'mailbox_pepper'`
    const [row] = await db.sql`select app.keyed_hash('hash@people.example') as hash`
    expect(row!.hash).not.toBe(before)
  })
})

test('rates: so many calls a window, each key by itself, none kept in words', async () => {
  const take = (key: string) => service('take_rate', { key, max_calls: 3, window_s: 3600 })
  const taken = await Promise.all(Array.from({ length: 5 }, () => take('203.0.113.7')))
  expect(taken.filter(rate => rate.allowed)).toHaveLength(3)
  expect(taken.map(rate => rate.remaining).sort()).toEqual([0, 0, 0, 1, 2])
  expect(taken[0].resetSeconds).toBeGreaterThan(0)
  expect(taken[0].resetSeconds).toBeLessThanOrEqual(3600)
  expect((await take('203.0.113.8')).allowed).toBe(true)
  const kept = await db.sql`select from app.rate_limits where key like '%203%113%'`
  expect(kept).toHaveLength(0)
  await advanceClock(db, 3600_000)
  expect((await take('203.0.113.7')).allowed).toBe(true)
})

test('mails: a key once, kept as a hash', async () => {
  const user = await db.addUser('mailed@people.example')
  const mail = {
    person: user,
    template: 'welcome',
    idempotency_key: `welcome:${user}`,
    provider_id: 're_1',
  }
  expect(await service('mail_was_sent', { key: mail.idempotency_key })).toBe(false)
  expect(await service('log_mail', mail)).toBe(true)
  expect(await service('log_mail', mail)).toBeNull()
  expect(await service('mail_was_sent', { key: mail.idempotency_key })).toBe(true)
  await service('erase_user', { person: user })
  expect(await service('log_mail', { ...mail, idempotency_key: `gone:${user}` })).toBe(true)
  const [row] = await db.sql`select * from app.mail_log order by sent_at desc limit 1`
  expect(row!.user_id).toBeNull()
  expect(JSON.stringify(row)).not.toContain(user)
})

test('my_account has the shape that its comment promises', async () => {
  const { user } = await addFullAccount(db, 'shape')
  const [row] = await db.sql`select obj_description('public.my_account()'::regprocedure) as says`
  const account = await call(db, user, 'my_account')
  const keys = (value: unknown): string[] =>
    value === null || typeof value !== 'object'
      ? []
      : Object.entries(value).flatMap(([key, inner]) => [
          ...(Array.isArray(value) ? [] : [key]),
          ...keys(inner),
        ])
  const promised = new Set(String(row!.says).match(/[A-Za-z]+/g))
  expect(keys(account).filter(key => !promised.has(key))).toEqual([])
  expect(Object.keys(account).sort()).toEqual([
    'deletion',
    'devices',
    'identities',
    'invoices',
    'mail',
    'plan',
    'plans',
    'profile',
    'storage',
    'subscription',
    'usage',
  ])
  expect(account.invoices[0]).toMatchObject({ number: 'CR-0001', amountRefundedCents: 100 })
  expect(account.devices).toHaveLength(1)
  expect(account.plans.map((plan: Json) => plan.id)).toEqual(['free', 'plus', 'pro'])
})
