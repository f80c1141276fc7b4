// Workflows in the account: versions, conflicts between devices, bytes, links.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { as, call, type Json, refusal, setPrices, subscribe } from './calls.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
  await db.sql`update app.rate_rules set calls = 100000`
  await setPrices(db)
})
afterAll(() => db?.stop())

let people = 0
const addPerson = () => db.addUser(`person-${++people}@people.example`)
const save = (user: string, args: Json) =>
  call(db, user, 'save_workflow', { name: 'Cat', document: '{}', ...args })
const documentOf = (bytes: number) => `{"pad":"${'x'.repeat(bytes - 10)}"}`

test('saved, listed, opened, renamed, removed', async () => {
  const user = await addPerson()
  // 2^64−1 and the digits of a float survive: documents are text.
  const document = '{"seed": 18446744073709551615, "cfg": 8.0}'
  const saved = await save(user, { document })
  expect(saved).toEqual({ id: expect.any(String), version: 1, sizeBytes: document.length })
  const { id } = saved
  expect(await call(db, user, 'open_workflow', { id })).toEqual({
    id,
    name: 'Cat',
    version: 1,
    document,
  })
  await call(db, user, 'rename_workflow', { id, name: '  Dog ' })
  expect(await call(db, user, 'list_workflows')).toMatchObject([
    { id, name: 'Dog', version: 1, sizeBytes: document.length, shared: false, shareToken: null },
  ])
  const { storage } = await call(db, user, 'my_account')
  expect(storage).toEqual({ usedBytes: document.length, limitBytes: 5 * 1000 ** 2, workflows: 1 })
  await call(db, user, 'remove_workflow', { id })
  expect(await call(db, user, 'list_workflows')).toEqual([])
  expect(await refusal(call(db, user, 'open_workflow', { id }))).toMatchObject({
    status: 'PT404',
    code: 'no_workflow',
  })
})

describe('versions', () => {
  test('two devices: the second to save learns of the first', async () => {
    const user = await addPerson()
    const [laptop, desk] = [randomUUID(), randomUUID()]
    await call(db, user, 'usage_sync', { device: laptop, device_name: 'Laptop' })
    await call(db, user, 'usage_sync', { device: desk, device_name: 'Desk' })
    const { id } = await save(user, { device: laptop })
    await save(user, { id, base_version: 1, device: desk, document: '{"by":"desk"}' })
    const mine = { id, device: laptop, document: '{"by":"laptop"}' }
    const refused = await refusal(save(user, { ...mine, base_version: 1 }))
    expect(refused).toMatchObject({ status: 'PT409', code: 'version_conflict', version: 2 })
    expect(refused.device).toBe('Desk')
    expect(Date.parse(refused.updatedAt)).toBeGreaterThan(Date.now() - 60_000)
    // Keeping mine: as the next version.
    expect(await save(user, { ...mine, base_version: 2 })).toMatchObject({ version: 3 })
    const history = await call(db, user, 'workflow_history', { id })
    expect(history.map((v: Json) => [v.version, v.device])).toEqual([
      [3, 'Laptop'],
      [2, 'Desk'],
      [1, 'Laptop'],
    ])
    const second = await call(db, user, 'open_workflow', { id, version: 2 })
    expect(second.document).toBe('{"by":"desk"}')
  })

  test('of many saves from the same version exactly one wins', async () => {
    const user = await addPerson()
    const { id } = await save(user, {})
    const saves = Array.from({ length: 12 }, (_, i) =>
      save(user, { id, base_version: 1, document: `{"by":${i}}` }),
    )
    const results = await Promise.allSettled(saves)
    const lost = results.filter(result => result.status === 'rejected')
    expect(lost.map(result => result.reason.code)).toEqual(Array(11).fill('PT409'))
  })

  test('the same again, after a lost answer, is no new version and no new workflow', async () => {
    const user = await addPerson()
    const id = randomUUID()
    const first = await save(user, { id })
    expect(await save(user, { id })).toEqual(first)
    const next = { id, base_version: 1, document: '{"n":2}' }
    expect(await save(user, next)).toMatchObject({ version: 2 })
    expect(await save(user, next)).toMatchObject({ version: 2 })
    expect(await call(db, user, 'list_workflows')).toHaveLength(1)
  })

  test('the newest 20 are kept, and only they count', async () => {
    const user = await addPerson()
    const { id } = await save(user, { document: documentOf(100) })
    for (let version = 1; version < 25; version++)
      await save(user, { id, base_version: version, document: documentOf(101 + version) })
    const history = await call(db, user, 'workflow_history', { id })
    expect(history.map((v: Json) => v.version)).toEqual(
      Array.from({ length: 20 }, (_, i) => 25 - i),
    )
    const bytes = history.reduce((sum: number, v: Json) => sum + v.sizeBytes, 0)
    expect((await call(db, user, 'list_workflows'))[0].sizeBytes).toBe(bytes)
    expect(await refusal(call(db, user, 'open_workflow', { id, version: 5 }))).toMatchObject({
      code: 'no_version',
    })
  })
})

describe('bytes', () => {
  const MB = 1000 ** 2

  test('the limit of the plan is exact, also for saves at once', async () => {
    const user = await addPerson()
    const saves = Array.from({ length: 8 }, () => save(user, { document: documentOf(MB) }))
    const results = await Promise.allSettled(saves)
    expect(results.filter(result => result.status === 'fulfilled')).toHaveLength(5)
    expect(await refusal(save(user, { document: documentOf(100) }))).toMatchObject({
      status: 'PT413',
      code: 'storage_full',
      usedBytes: 5 * MB,
      limitBytes: 5 * MB,
      neededBytes: 100,
    })
    // What was saved stays readable, and removing makes room.
    const [first] = await call(db, user, 'list_workflows')
    await call(db, user, 'remove_workflow', { id: first.id })
    await save(user, { document: documentOf(MB) })
    await subscribe(db, { user })
    await save(user, { document: documentOf(MB) })
  })

  test('bytes are bytes, not characters', async () => {
    const user = await addPerson()
    expect((await save(user, { document: '{"a":"猫🐈"}' })).sizeBytes).toBe(15)
  })

  const refused: [string, Json, string, string][] = [
    ['more than 4 MB', { document: documentOf(4 * 1024 ** 2 + 1) }, 'PT413', 'document_too_large'],
    ['no JSON', { document: '{"a":' }, 'PT422', 'bad_document'],
    ['no object', { document: '[1]' }, 'PT422', 'bad_document'],
    ['no document', { document: null }, 'PT422', 'bad_document'],
    ['no name', { name: '  ' }, 'PT422', 'bad_name'],
    ['a long name', { name: 'x'.repeat(201) }, 'PT422', 'bad_name'],
    ['an id that is not there', { id: randomUUID(), base_version: 1 }, 'PT404', 'no_workflow'],
  ]
  test.each(refused)('refused: %s', async (_, args, status, code) => {
    expect(await refusal(save(await addPerson(), args))).toMatchObject({ status, code })
  })
})

describe('links', () => {
  const open = (token: string) => call(db, 'anon', 'shared_workflow', { token })

  test('off until shared, gone when revoked, another one afterwards', async () => {
    const user = await addPerson()
    const { id } = await save(user, { document: '{"v":1}' })
    const token = await call(db, user, 'share_workflow', { id })
    // 24 random bytes in base64url.
    expect(token).toMatch(/^[A-Za-z0-9_-]{32}$/)
    expect(await call(db, user, 'share_workflow', { id })).toBe(token)
    expect(await open(token)).toEqual({ name: 'Cat', document: '{"v":1}' })
    await save(user, { id, base_version: 1, document: '{"v":2}' })
    expect((await open(token)).document).toBe('{"v":2}')
    await call(db, user, 'unshare_workflow', { id })
    expect(await refusal(open(token))).toMatchObject({ status: 'PT404', code: 'not_shared' })
    expect(await call(db, user, 'share_workflow', { id })).not.toBe(token)
    const log = await db.sql`select action from public.audit_log
      where user_id = ${user} order by created_at`
    expect(log.map(row => row.action)).toEqual([
      'workflow.shared',
      'workflow.unshared',
      'workflow.shared',
    ])
  })

  test('no link leads anywhere while its owner is suspended or leaving', async () => {
    const user = await addPerson()
    const { id } = await save(user, {})
    const token = await call(db, user, 'share_workflow', { id })
    await call(db, 'service', 'suspend', { person: user, reason: 'x' }, 'app')
    expect(await refusal(open(token))).toMatchObject({ code: 'not_shared' })
    await call(db, 'service', 'unsuspend', { person: user }, 'app')
    await open(token)
    await call(db, 'service', 'request_deletion', { person: user }, 'app')
    expect(await refusal(open(token))).toMatchObject({ code: 'not_shared' })
    await call(db, user, 'cancel_deletion')
    await open(token)
  })

  test('nothing is found without the token', async () => {
    for (const token of ['', ' ', '%', 'x'.repeat(32), null])
      expect(await refusal(open(token as string))).toMatchObject({ code: 'not_shared' })
    const rows = as(db, 'anon', 'select share_token from public.stored_workflows')
    expect(await refusal(rows)).toMatchObject({ status: '42501' })
  })
})
