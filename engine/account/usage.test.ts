// Reporting and allowances, against a cloud of a few lines. The real one is asked in supabase/tests.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore, type Store } from '../store/store.ts'
import { AccountError } from './account-error.ts'
import { createUsage, type Usage, type UsageAnswer, type UsageReport } from './usage.ts'

let dir: string
let store: Store
let usage: Usage
let cloud: ReturnType<typeof smallCloud>

/** Grants up to `limit`, counts ids once. */
function smallCloud(limit: number) {
  const seen = new Set<string>()
  const cloud = {
    limit,
    seen,
    reports: [] as UsageReport[],
    lease: { id: 'lease-1', units: 0, used: 0 },
    down: false,
    /** The batch arrives, its answer does not. */
    loseAnswer: false,
    busy: 0,
    async report(body: UsageReport): Promise<UsageAnswer> {
      expect(cloud.busy++).toBe(0)
      await new Promise(resolve => setTimeout(resolve, 2))
      cloud.busy--
      if (cloud.down) throw new AccountError('unreachable', 'The cloud cannot be reached.')
      cloud.reports.push(body)
      const fresh = body.events.filter(({ id }) => !seen.has(id))
      for (const { id } of fresh) seen.add(id)
      const { lease } = cloud
      lease.used += fresh.length
      for (const { units } of body.give_back) lease.units -= units
      const more = body.want - (lease.units - lease.used)
      lease.units += Math.max(0, Math.min(more, limit - lease.units))
      if (cloud.loseAnswer) throw new AccountError('unreachable', 'The answer was lost.')
      return {
        accepted: fresh.length,
        duplicate: body.events.length - fresh.length,
        lease: { ...lease },
        usage: { kind: 'trial', used: seen.size, limit },
        limitReached: seen.size >= limit,
      }
    },
  }
  return cloud
}

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'usage-'))
  store = openStore(join(dir, 'comfyrunner.db'))
  cloud = smallCloud(12)
  usage = createUsage({
    store,
    device: { id: 'device', name: 'desk' },
    report: body => cloud.report(body),
    leaseUnits: () => 5,
    onUsage: () => {},
    refusal: () => ({ code: 'quota_reached', message: 'Used up.' }),
    now: () => 0,
  })
})
afterEach(() => {
  store.close()
  rmSync(dir, { recursive: true, force: true })
})

let runs = 0
const run = () => store.usage.count('ann', `run-${++runs}`, 'workflow', runs)

test('exactly the limit can be run, and then it is said', async () => {
  let done = 0
  while ((await usage.checkAllowance('ann')) === undefined) {
    run()
    done++
  }
  expect(done).toBe(12)
  expect((await usage.checkAllowance('ann'))?.code).toBe('quota_reached')
  await usage.sync('ann')
  expect([cloud.seen.size, store.usage.pending('ann')]).toEqual([12, 0])
  // A request for each lease, not for each run.
  expect(cloud.reports.filter(({ want }) => want > 0).length).toBeLessThan(10)
})

test('offline it goes on with what is held, and reports later', async () => {
  await usage.sync('ann')
  cloud.down = true
  let done = 0
  while ((await usage.checkAllowance('ann')) === undefined) {
    run()
    done++
  }
  expect(done).toBe(5)
  await expect(usage.sync('ann')).rejects.toThrow('cannot be reached')
  expect(store.usage.pending('ann')).toBe(5)
  cloud.down = false
  expect(await usage.checkAllowance('ann')).toBeUndefined()
  expect([cloud.seen.size, store.usage.pending('ann')]).toEqual([5, 0])
})

test('a batch whose answer was lost is sent again and counted once', async () => {
  await usage.sync('ann')
  for (let i = 0; i < 3; i++) run()
  cloud.loseAnswer = true
  await expect(usage.sync('ann')).rejects.toThrow('lost')
  cloud.loseAnswer = false
  await Promise.all([usage.sync('ann'), usage.sync('ann'), usage.sync('ann')])
  expect([cloud.seen.size, cloud.lease.used, store.usage.pending('ann')]).toEqual([3, 3, 0])
})

test('signing out reports everything and gives back what was not used', async () => {
  await usage.sync('ann')
  run()
  await usage.returnLeases('ann')
  expect(cloud.reports.at(-1)!.give_back).toEqual([{ lease: 'lease-1', units: 4 }])
  expect(usage.remaining('ann')).toBe(0)
  expect(cloud.seen.size).toBe(1)
})

test('only ids, kinds and times are reported', async () => {
  await usage.sync('ann')
  run()
  await usage.sync('ann')
  const body = cloud.reports.at(-1)!
  expect(Object.keys(body).sort()).toEqual(['device', 'device_name', 'events', 'give_back', 'want'])
  expect(Object.keys(body.events[0]!).sort()).toEqual(['id', 'kind', 'lease', 'occurredAt'])
})
