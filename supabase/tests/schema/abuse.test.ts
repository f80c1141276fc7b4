// What a person with a client of their own making might send.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { call, type Json, refusal } from './calls.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
  await db.sql`update app.rate_rules set calls = 100000`
})
afterAll(() => db?.stop())

let people = 0
const addPerson = () => db.addUser(`abuse-${++people}@people.example`)
const sync = (user: string, more: Json = {}) =>
  call(db, user, 'usage_sync', { device: randomUUID(), device_name: 'd', ...more })
const event = (more: Json = {}) => ({ id: randomUUID(), kind: 'workflow', ...more })
const save = (user: string, args: Json) =>
  call(db, user, 'save_workflow', { name: 'Cat', document: '{}', ...args })

test('a document nested a million times is refused in words', async () => {
  const user = await addPerson()
  const document = `{"a":${'['.repeat(1e6)}${']'.repeat(1e6)}}`
  expect(await refusal(save(user, { document }))).toMatchObject({
    status: 'PT422',
    code: 'bad_document',
  })
})

test('names carry no line ends and do not turn the reading direction', async () => {
  const user = await addPerson()
  const { id } = await save(user, { name: 'a\r\nBcc: x\u202egnp.exe\u2066' })
  expect((await call(db, user, 'open_workflow', { id })).name).toBe('a  Bcc: x gnp.exe')
  expect(await refusal(save(user, { name: '\n\u202e' }))).toMatchObject({ code: 'bad_name' })
})

test('the lease of another is neither used nor given back', async () => {
  const [a, b] = [await addPerson(), await addPerson()]
  const { lease } = await sync(b, { want: 5 })
  const answer = await sync(a, {
    want: 0,
    events: [event({ lease: lease.id })],
    give_back: [{ lease: lease.id, units: 5 }],
  })
  expect(answer).toMatchObject({ accepted: 1, usage: { used: 1 } })
  const [row] = await db.sql`select used, returned, closed_at from public.usage_leases
    where id = ${lease.id}`
  expect(row).toEqual({ used: 0, returned: 0, closed_at: null })
})

test.each([-1, -2147483648, 2147483647])('want %i gives no more than the plan does', async want => {
  const { lease } = await sync(await addPerson(), { want })
  expect(lease?.units ?? 0).toBe(want > 0 ? 5 : 0)
})

test('a negative return gives nothing, a large one no more than there was', async () => {
  const user = await addPerson()
  for (const units of [-5, -2147483648, 2147483647]) {
    const device = randomUUID()
    const { lease } = await sync(user, { device, want: 5 })
    await sync(user, { device, want: 0, give_back: [{ lease: lease.id, units }] })
    const [row] = await db.sql`select units - used - returned as left from public.usage_leases
      where id = ${lease.id}`
    expect(row!.left).toBe(units < 0 ? 5 : 0)
  }
})

test('devices made and removed again and again have an end, and the present ones are shown', async () => {
  const user = await addPerson()
  await db.sql`insert into public.devices (id, user_id, name, revoked_at)
    select gen_random_uuid(), ${user}, 'gone', now() from generate_series(1, 999)`
  await sync(user)
  expect(await refusal(sync(user))).toMatchObject({ code: 'too_many_devices' })
  const { devices } = await call(db, user, 'my_account')
  expect(devices.length).toBe(250)
  expect(devices.filter(({ revokedAt }: Json) => revokedAt === null).length).toBe(1)
})

test('another spelling of the same mailbox does not count its runs twice', async () => {
  const user = await db.addUser('ann.other@gmail.com')
  await sync(user, { want: 0, events: [event(), event(), event()] })
  await db.sql`update auth.users set email = 'annother+x@googlemail.com' where id = ${user}`
  expect((await call(db, user, 'my_account')).usage.used).toBe(3)
})
