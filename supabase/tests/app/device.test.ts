// The app's own account code against the real database: killed at any moment, with a wrong clock,
// with its past played again.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { type LocalCloud, startCloud } from '../../local/cloud.ts'
import { type Device, openDevice } from './device.ts'

const goodPassword = 'a-good-password-1'
let cloud: LocalCloud
let dir: string
const devices: Device[] = []

beforeAll(async () => {
  cloud = await startCloud()
  dir = mkdtempSync(join(tmpdir(), 'devices-'))
})
afterEach(() => {
  vi.useRealTimers()
  for (const device of devices.splice(0)) device.close()
})
afterAll(async () => {
  await cloud?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const place = (name: string) => ({
  dir: join(dir, name),
  url: cloud.url,
  key: cloud.publishableKey,
  name,
})
function device(name: string): Device {
  const opened = openDevice(place(name))
  devices.push(opened)
  return opened
}

let people = 0
async function person(): Promise<string> {
  const email = `person-${++people}@example.test`
  const answer = await fetch(`${cloud.url}/auth/v1/admin/users`, {
    method: 'POST',
    headers: {
      apikey: cloud.secretKey,
      authorization: `Bearer ${cloud.secretKey}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ email, password: goodPassword, email_confirm: true }),
  })
  expect(answer.status).toBe(200)
  return email
}

const eventsOf = async (email: string): Promise<string[]> => {
  const rows = await cloud.database.sql<{ id: string }[]>`
    select e.id from public.usage_events e join public.profiles p on p.id = e.user_id
    where p.email = ${email}`
  return rows.map(({ id }) => id)
}
const used = (device: Device) => device.account.state().details!.usage.used

test('signed in, counted, signed out: the units come back', async () => {
  const email = await person()
  const desk = device('desk')
  await desk.account.signIn.withPassword(email, goodPassword)
  expect(desk.account.state()).toMatchObject({ state: 'signedIn', details: { email } })
  expect(await desk.account.checkAllowance()).toBeUndefined()
  for (let i = 0; i < 3; i++) desk.run(crypto.randomUUID())
  await desk.account.refresh()
  expect(used(desk)).toBe(3)
  await desk.account.signOut(false)
  expect(desk.account.state()).toMatchObject({ state: 'signedOut', details: undefined })
  const [held] = await cloud.database.sql`
    select sum(greatest(units - used - returned, 0))::int as units from public.usage_leases l
    join public.profiles p on p.id = l.user_id where p.email = ${email}`
  expect(held).toEqual({ units: 0 })
})

test('killed with -9 again and again: every run that was written down counts once, and no more than the limit', async () => {
  const email = await person()
  const names = ['kill-a', 'kill-b']
  for (const name of names) {
    const opened = openDevice(place(name))
    await opened.account.signIn.withPassword(email, goodPassword)
    opened.close()
  }
  const done = new Set<string>()
  /** One life of a device: ends by kill -9 after some runs, or at the limit. */
  const live = (name: string, runs: number) =>
    new Promise<boolean>(resolve => {
      const script = join(import.meta.dirname, 'busy-device.ts')
      const child = spawn(process.execPath, [script, JSON.stringify(place(name))])
      let said = ''
      let heard = 0
      child.stdout.on('data', (data: Buffer) => {
        said += data
        heard += data.toString().split('\n').length - 1
        if (heard >= runs && !said.includes('limit')) child.kill('SIGKILL')
      })
      child.on('close', () => {
        const lines = said.split('\n').slice(0, -1)
        for (const line of lines) if (line !== 'limit') done.add(line)
        resolve(lines.includes('limit'))
      })
    })
  for (let life = 0; life < 3; life++)
    await Promise.all(names.map((name, i) => live(name, 2 + ((life + i) % 3))))
  // Then each in peace until the limit.
  for (const name of names) expect(await live(name, Number.POSITIVE_INFINITY)).toBe(true)
  for (const name of names) await device(name).account.refresh()

  const counted = await eventsOf(email)
  const [free] = await cloud.database.sql`select trial_workflows, offline_grace from public.plans
    where id = 'free'`
  expect([...done].filter(id => !counted.includes(id))).toEqual([])
  expect(new Set(counted).size).toBe(counted.length)
  expect(counted.length).toBeLessThanOrEqual(free!.trial_workflows + free!.offline_grace)
  expect(counted.length).toBeGreaterThanOrEqual(free!.trial_workflows - 3)
}, 120_000)

test('a removed device runs no more, and comes back as a new one', async () => {
  const email = await person()
  const [desk, laptop] = [device('stays'), device('lost')]
  for (const one of [desk, laptop]) await one.account.signIn.withPassword(email, goodPassword)
  const lost = laptop.account.state().details!.devices.find(({ here }) => here)!
  await desk.account.revokeDevice(lost.id)
  await laptop.account.refresh()
  // What it held already it may use; then it is over.
  while ((await laptop.account.checkAllowance()) === undefined) laptop.run(crypto.randomUUID())
  expect((await laptop.account.checkAllowance())?.code).toBe('device_removed')
  await laptop.account.signOut(false)
  await laptop.account.signIn.withPassword(email, goodPassword)
  expect(await laptop.account.checkAllowance()).toBeUndefined()
})

test('a clock hours ahead or behind neither locks a person out nor gives anything away', async () => {
  const email = await person()
  vi.useFakeTimers({ toFake: ['Date'] })
  const realMs = Date.now()
  const desk = device('clock')
  let runs = 0
  for (const hours of [0, 26, -26, 24 * 400, -24 * 400]) {
    vi.setSystemTime(realMs + hours * 3_600_000)
    if (hours === 0) await desk.account.signIn.withPassword(email, goodPassword)
    expect(await desk.account.checkAllowance()).toBeUndefined()
    desk.run(crypto.randomUUID())
    runs++
    await desk.account.refresh()
    expect(desk.account.state()).toMatchObject({ state: 'signedIn', reachable: true })
    expect(used(desk)).toBe(runs)
  }
  const periods = await cloud.database.sql`select workflows from public.usage_periods u
    join public.profiles p on p.id = u.user_id where p.email = ${email}`
  expect(periods).toEqual([{ workflows: runs }])
})

test('a data folder put back from yesterday counts nothing twice and holds nothing extra', async () => {
  const email = await person()
  const before = openDevice(place('replay'))
  await before.account.signIn.withPassword(email, goodPassword)
  await before.account.checkAllowance()
  for (let i = 0; i < 4; i++) before.run(crypto.randomUUID())
  before.close()
  cpSync(place('replay').dir, place('copy').dir, { recursive: true })

  const first = device('replay')
  await first.account.refresh()
  const second = device('copy')
  await second.account.refresh()
  expect(used(second)).toBe(4)
  expect((await eventsOf(email)).length).toBe(4)
  // The copy is the same device: what one used, the other has not left.
  const [lease] = await cloud.database.sql`select units, used from public.usage_leases l
    join public.profiles p on p.id = l.user_id where p.email = ${email} and closed_at is null`
  expect(second.store.usage.leases(second.account.state().details!.id)).toEqual([
    { id: expect.any(String), units: lease!.units, used: lease!.used },
  ])
})

test('the plan says how much: unlimited, raised, lowered below what was used', async () => {
  const email = await person()
  const desk = device('plan')
  await desk.account.signIn.withPassword(email, goodPassword)
  for (let i = 0; i < 3; i++) desk.run(crypto.randomUUID())
  const { sql } = cloud.database
  const [before] = await sql`select trial_workflows from public.plans where id = 'free'`
  await sql`update public.plans set trial_workflows = 2 where id = 'free'`
  await desk.account.signOut(false)
  await desk.account.signIn.withPassword(email, goodPassword)
  expect((await desk.account.checkAllowance())?.code).toBe('quota_reached')
  await sql`update public.plans set trial_workflows = null where id = 'free'`
  expect(await desk.account.checkAllowance()).toBeUndefined()
  expect(desk.account.state().details!.usage.limit).toBeNull()
  await sql`update public.plans set trial_workflows = ${before!.trial_workflows} where id = 'free'`
})
