// How many workflows were run: counted here first, reported in batches that may be sent twice, and
// run on allowances ("leases") that this device holds, so that a limit is exact without being asked
// for every run and while offline. Counts only, never content.
import { z } from 'zod'
import type { Problem } from '../api/contract.ts'
import type { Store } from '../store/store.ts'
import { readAnswer } from './account-error.ts'
import { type CloudUsage, readUsage } from './details.ts'

const batchSize = 500
/** Asked for before the cloud has said how many this plan gives. */
const defaultWant = 10

const maxUnits = 1_000_000
const units = z.number().int().min(0).max(maxUnits)

const answer = z.looseObject({
  lease: z.object({ id: z.uuid(), units, used: units }).nullable(),
  usage: z.unknown(),
})
export type UsageAnswer = z.infer<typeof answer>

/** @throws AccountError when it is something else */
export const readUsageAnswer = (value: unknown): UsageAnswer => {
  const read = readAnswer(answer, value)
  readUsage(read.usage)
  return read
}

export interface UsageReport {
  device: string
  device_name: string
  events: { id: string; lease: string; kind: string; occurredAt: string }[]
  /** Units that this device would like to hold. */
  want: number
  give_back: { lease: string; units: number }[]
}

export interface UsageOptions {
  store: Pick<Store, 'usage'>
  device: { id: string; name: string }
  /** @throws AccountError */
  report(body: UsageReport): Promise<UsageAnswer>
  /** How many runs this plan lets a device hold in advance. */
  leaseUnits(): number | undefined
  /** The cloud's count, newly heard. */
  onUsage(usage: CloudUsage): void
  /** In words and with what to do, when nothing more may run. */
  refusal(): Problem
  now(): number
}

export interface Usage {
  /** Runs that may still be started without asking. */
  remaining(user: string): number
  /** Sends everything that is not confirmed, and asks for more to run on. @throws AccountError */
  sync(user: string): Promise<void>
  /** Before signing out: reports all and hands back what was not used. @throws AccountError */
  returnLeases(user: string): Promise<void>
  /** Why a run may not begin, or nothing. */
  checkAllowance(user: string): Promise<Problem | undefined>
}

export function createUsage({ store, device, ...options }: UsageOptions): Usage {
  const { usage } = store
  const remaining = (user: string): number =>
    usage.leases(user).reduce((sum, { units, used }) => sum + Math.max(0, units - used), 0)

  /** One report at a time: two would ask for the same allowance twice. */
  let last: Promise<unknown> = Promise.resolve()
  const inSequence = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work, work)
    last = next.catch(() => {})
    return next
  }

  async function send(user: string, want: number, giveBack: UsageReport['give_back'] = []) {
    const events = usage.events(user, batchSize)
    const answer = await options.report({
      device: device.id,
      device_name: device.name,
      events: events.map(({ id, lease, kind, occurredMs }) => ({
        id,
        lease,
        kind,
        occurredAt: new Date(occurredMs).toISOString(),
      })),
      want,
      give_back: giveBack,
    })
    for (const { lease } of giveBack) usage.closeLease(lease)
    if (answer.lease) {
      // Only the lease named now is open; an older one belongs to a period that ended.
      for (const { id } of usage.leases(user)) if (id !== answer.lease.id) usage.closeLease(id)
      usage.putLease(user, answer.lease, options.now())
    }
    usage.confirm(
      user,
      events.map(({ id }) => id),
    )
    options.onUsage(readUsage(answer.usage))
    return events.length
  }

  const sync = (user: string): Promise<void> =>
    inSequence(async () => {
      const target = options.leaseUnits() ?? defaultWant
      for (;;) {
        // Half of it is enough to go on with; asking after every run would be a request a run.
        const sent = await send(user, remaining(user) <= target / 2 ? target : 0)
        if (sent < batchSize) return
      }
    })

  return {
    remaining,
    sync,
    returnLeases: user =>
      inSequence(async () => {
        while ((await send(user, 0)) === batchSize);
        const open = usage.leases(user).filter(({ units, used }) => used < units)
        if (open.length === 0) return
        await send(
          user,
          0,
          open.map(({ id, units, used }) => ({ lease: id, units: units - used })),
        )
      }),
    async checkAllowance(user) {
      if (remaining(user) > 0) return undefined
      try {
        await sync(user)
      } catch {
        // The refusal says that the cloud could not be reached.
      }
      return remaining(user) > 0 ? undefined : options.refusal()
    },
  }
}
