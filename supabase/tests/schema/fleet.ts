// Devices with plain state, as the app keeps it: a lease, its own count on it, events not reported
// yet. What a device writes down survives a crash; an answer it has not written down does not.
import { randomUUID } from 'node:crypto'
import type { LocalDatabase } from '../../local/database.ts'
import type { Json } from './calls.ts'

export type Random = () => number

/** A small seeded generator (mulberry32): the same numbers each time. */
export function seeded(seed: number): Random {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Device {
  id: string
  /** Runs the person still wants to make. */
  wishes: number
  lease: { id: string; units: number; used: number } | null
  pending: Json[]
  /** A lease to give back, written down before it is told. */
  giveBack: { lease: string; units: number }[]
  /** Ids of all runs made. */
  runs: string[]
  limitReached: boolean
  /** Whether the last sync was answered: if not, the lease may have grown unknown to the device. */
  answered: boolean
}

export const makeDevice = (wishes: number): Device => ({
  id: randomUUID(),
  wishes,
  lease: null,
  pending: [],
  giveBack: [],
  runs: [],
  limitReached: false,
  answered: true,
})

/** Runs while the lease has units. Clocks of devices are off by years. */
export function run(device: Device, most: number, random: Random) {
  for (; most > 0 && device.wishes > 0; most--) {
    const { lease } = device
    if (!lease || lease.used >= lease.units) return
    const id = randomUUID()
    const occurredAt = new Date(Date.now() + (random() - 0.5) * 1e11).toISOString()
    lease.used++
    device.wishes--
    device.runs.push(id)
    device.pending.push({ id, lease: lease.id, kind: 'workflow', occurredAt })
  }
}

/** Promises not to use what is left, e.g. when the app is closed. */
export function putDown(device: Device) {
  if (!device.lease || !device.answered) return
  const units = device.lease.units - device.lease.used
  device.giveBack.push({ lease: device.lease.id, units })
  device.lease = null
}

/** What may go wrong with one sync. */
export interface Luck {
  /** The answer is lost: the device knows nothing of what the cloud did. */
  lost?: boolean
  /** The same request arrives twice. */
  twice?: boolean
  want?: number
}

/** A connection of one account's: the role and the token are set once, each sync is one statement. */
export async function openLine(db: LocalDatabase, user: string) {
  const sql = await db.sql.reserve()
  const claims = JSON.stringify({ role: 'authenticated', sub: user })
  await sql`select set_config('role', 'authenticated', false),
    set_config('request.jwt.claims', ${claims}, false)`
  return {
    async send(request: Json): Promise<Json> {
      const [row] = await sql`select public.usage_sync(${request.device}, 'Simulated',
        ${sql.json(request.events)}, ${request.want}, ${sql.json(request.give_back)}) as answer`
      return row!.answer
    },
    async close() {
      await sql`reset role`
      sql.release()
    },
  }
}

export type Line = Pick<Awaited<ReturnType<typeof openLine>>, 'send'>

export async function sync(line: Line, device: Device, luck: Luck = {}) {
  device.limitReached = false
  device.answered = false
  const events = device.pending.slice(0, 200)
  const give_back = device.giveBack.slice(0, 20)
  const request = { device: device.id, events, want: luck.want ?? 1000, give_back }
  let answer = await line.send(request)
  if (luck.twice) answer = await line.send(request)
  if (luck.lost) return
  device.answered = true
  device.pending = device.pending.slice(events.length)
  device.giveBack = device.giveBack.slice(give_back.length)
  device.limitReached = answer.limitReached
  const used = device.lease?.id === answer.lease?.id ? device.lease?.used : answer.lease?.used
  device.lease = answer.lease && { ...answer.lease, used }
}

/** counted + outstanding of an account's newest period, in one look. */
export async function standing(db: LocalDatabase, user: string) {
  const [row] = await db.sql<{ counted: number; outstanding: number }[]>`
    select workflows as counted, app.outstanding(id) as outstanding
    from public.usage_periods where user_id = ${user} order by period_start desc limit 1`
  return row!
}
