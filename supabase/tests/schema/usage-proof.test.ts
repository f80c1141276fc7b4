// Many devices, bad luck, real connections: every run counted once, no limit passed beyond grace.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { call, type Json, setPrices, subscribe } from './calls.ts'
import {
  type Device,
  type Line,
  makeDevice,
  openLine,
  putDown,
  run,
  seeded,
  standing,
  sync,
} from './fleet.ts'

let db: LocalDatabase
beforeAll(async () => {
  db = await startDatabase()
  await setPrices(db)
  // The proof calls more often than a person may.
  await db.sql`update app.rate_rules set calls = 1000000 where name = 'usage_sync'`
})
afterAll(() => db?.stop())

const runLimit = 90_000
const offlineGrace = 500
const leaseUnits = 200
const connectionCount = 6

test('100 devices want 1,000 runs each, of 90,000 allowed', { timeout: 180_000 }, async () => {
  const user = await db.addUser('fleet@people.example')
  await db.sql`update public.plans set monthly_workflows = ${runLimit}, offline_grace = ${offlineGrace},
    lease_units = ${leaseUnits} where id = 'pro'`
  await subscribe(db, { user, price: 'price_pro_month' })
  const random = seeded(20261122)
  const devices = Array.from({ length: 100 }, () => makeDevice(1000))
  const lines = await Promise.all(Array.from({ length: connectionCount }, () => openLine(db, user)))
  let open = [...devices]
  let worst = 0

  for (let round = 0; open.length > 0; round++) {
    expect(round, 'every device gets done').toBeLessThan(200)
    const queue = open.filter(() => random() > 0.15) // the others are offline for this round
    await Promise.all(lines.map(line => work(line, queue)))
    const { counted, outstanding } = await standing(db, user)
    worst = Math.max(worst, counted + outstanding)
    open = open.filter(device => !isDone(device))
  }
  for (const line of lines) await line.close()

  const made = devices.flatMap(device => device.runs)
  const rows = await db.sql<{ id: string }[]>`
    select id from public.usage_events where user_id = ${user}`
  const counted = new Set(rows.map(row => row.id))
  const { counted: total, outstanding } = await standing(db, user)
  expect(rows.length).toBe(made.length)
  expect(made.filter(id => !counted.has(id))).toEqual([])
  expect(total).toBe(made.length)
  expect(outstanding).toBe(0)
  expect(worst).toBeLessThanOrEqual(runLimit + offlineGrace)
  expect(total).toBeGreaterThanOrEqual(runLimit)
  expect(total).toBeLessThanOrEqual(runLimit + offlineGrace)
  const [audit] = await db.sql`
    select count(*)::int as n from public.audit_log where action = 'usage.beyond_lease'`
  expect(audit!.n, 'an honest device never passes its lease').toBe(0)

  async function work(line: Line, queue: Device[]) {
    for (let device = queue.pop(); device; device = queue.pop()) {
      run(device, 1 + Math.floor(random() * leaseUnits), random)
      if (random() < 0.02 || device.wishes === 0) putDown(device)
      const luck = { lost: random() < 0.1, twice: random() < 0.1 }
      await sync(line, device, { ...luck, want: Math.min(device.wishes, leaseUnits) })
    }
  }
})

/** Nothing to report, nothing held, and no run wanted that may be made. */
const isDone = ({ wishes, lease, pending, giveBack, limitReached, answered }: Device) =>
  answered &&
  pending.length === 0 &&
  giveBack.length === 0 &&
  (!lease || lease.used >= lease.units) &&
  (wishes === 0 || limitReached)

describe('at the limit', () => {
  const lineOf = (user: string): Line => ({
    send: (request: Json) => call(db, user, 'usage_sync', request),
  })

  test('20 devices ask at once for what is left', async () => {
    const user = await db.addUser('crowd@people.example')
    const line = lineOf(user)
    const devices = Array.from({ length: 20 }, () => makeDevice(100))
    await Promise.all(devices.map(device => sync(line, device)))
    // 50 in the trial and 10 of grace, 5 a device at most: 12 devices got some, 8 none.
    expect(devices.filter(device => device.lease).length).toBe(12)
    expect(await standing(db, user)).toEqual({ counted: 0, outstanding: 60 })

    for (const device of devices) run(device, 100, Math.random)
    await Promise.all(devices.map(device => sync(line, device, { twice: true })))
    expect(await standing(db, user)).toEqual({ counted: 60, outstanding: 0 })
    expect(devices.every(device => device.limitReached)).toBe(true)
  })

  test('one device alone never gets to the grace', async () => {
    const user = await db.addUser('alone@people.example')
    const line = lineOf(user)
    const device = makeDevice(1000)
    for (let i = 0; i < 30; i++) {
      await sync(line, device)
      run(device, 1000, Math.random)
    }
    expect(await standing(db, user)).toEqual({ counted: 50, outstanding: 0 })
    expect(device.runs.length).toBe(50)
    expect(device.limitReached).toBe(true)
  })

  test('a lost device keeps its units, and the grace stands in for them', async () => {
    const user = await db.addUser('lost@people.example')
    const line = lineOf(user)
    const lost = makeDevice(1000)
    await sync(line, lost)
    run(lost, 3, Math.random)
    const other = makeDevice(1000)
    for (let i = 0; i < 30; i++) {
      await sync(line, other)
      run(other, 1000, Math.random)
    }
    // 45 without the lost one's five, then grace until the limit itself is counted.
    expect(other.runs.length).toBe(50)
    await sync(line, lost, { want: 0 })
    expect(await standing(db, user)).toEqual({ counted: 53, outstanding: 2 })
  })
})
