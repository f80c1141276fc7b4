// What the account has to be told, and the allowance to run on. Counts only, never content.
import type { Db } from './database.ts'

export type UsageKind = 'workflow' | 'ai'

export interface Lease {
  id: string
  units: number
  used: number
}

export interface UsageEvent {
  id: string
  lease: string
  kind: UsageKind
  occurredMs: number
}

export function usageStore(db: Db) {
  const leases = db.prepare<[string], Lease>(
    'SELECT id, units, used FROM usage_leases WHERE user_id = ? ORDER BY received_ms, rowid',
  )
  const putLease = db.prepare(
    `INSERT INTO usage_leases (id, user_id, units, used, received_ms)
     VALUES (@id, @user, @units, @used, @nowMs)
     ON CONFLICT (id) DO UPDATE SET units = excluded.units, used = max(used, excluded.used)`,
  )
  const closeLease = db.prepare('UPDATE usage_leases SET units = used WHERE id = ?')
  // Its events name it, so a spent lease goes only when they have been reported.
  const forgetLeases = db.prepare(
    `DELETE FROM usage_leases WHERE user_id = ? AND used >= units
       AND id NOT IN (SELECT lease_id FROM usage_events)`,
  )
  const take = db.prepare('UPDATE usage_leases SET used = used + 1 WHERE id = ?')
  const addEvent = db.prepare(
    `INSERT INTO usage_events (id, user_id, lease_id, kind, occurred_ms)
     VALUES (@id, @user, @lease, @kind, @occurredMs) ON CONFLICT (id) DO NOTHING`,
  )
  const events = db.prepare<[string, number], UsageEvent>(
    `SELECT id, lease_id AS lease, kind, occurred_ms AS occurredMs FROM usage_events
     WHERE user_id = ? ORDER BY occurred_ms, rowid LIMIT ?`,
  )
  const count = db
    .prepare<[string], number>('SELECT count(*) FROM usage_events WHERE user_id = ?')
    .pluck()
  const removeEvent = db.prepare('DELETE FROM usage_events WHERE id = ?')
  const forgetUser = [
    db.prepare('DELETE FROM usage_events WHERE user_id = ?'),
    db.prepare('DELETE FROM usage_leases WHERE user_id = ?'),
  ]

  return {
    leases: (user: string): Lease[] => leases.all(user),
    putLease: (user: string, lease: Lease, nowMs: number): void =>
      void putLease.run({ ...lease, user, nowMs }),
    /** No further run on it; what it counted stays to be reported. */
    closeLease: (id: string): void => void closeLease.run(id),
    /**
     * Counts one run, once, on the oldest lease with room, else on the newest: what was run is told
     * even when the allowance was passed. Call it in the transaction that ends the run.
     * @returns false when the run was counted before or there is no lease to count it on
     */
    count: db.transaction((user: string, id: string, kind: UsageKind, nowMs: number): boolean => {
      const all = leases.all(user)
      const lease = all.find(({ used, units }) => used < units) ?? all.at(-1)
      if (!lease) return false
      const event = { id, user, lease: lease.id, kind, occurredMs: nowMs }
      if (addEvent.run(event).changes === 0) return false
      take.run(lease.id)
      return true
    }),
    /** What is to be reported, oldest first. */
    events: (user: string, limit: number): UsageEvent[] => events.all(user, limit),
    pending: (user: string): number => count.get(user) ?? 0,
    /** The cloud has them. */
    confirm: db.transaction((user: string, ids: readonly string[]) => {
      for (const id of ids) removeEvent.run(id)
      forgetLeases.run(user)
    }),
    /** After the account was deleted. */
    forgetUser: db.transaction((user: string) => {
      for (const statement of forgetUser) statement.run(user)
    }),
  }
}
