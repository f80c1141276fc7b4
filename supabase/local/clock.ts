import type postgres from 'postgres'

/** The cloud's time, of database, functions, cron and Stripe alike. It never stands still. */
export interface Clock {
  /** ms since 1970 */
  now(): number
  /** Moves it; what is due at Stripe by then happens, and its webhooks arrive. */
  advance(ms: number): Promise<void>
}

/** Goes by `app.clock`, where a kept data folder may have it ahead already. Auth's stays real. */
export async function makeClock(sql: postgres.Sql, moved: () => Promise<void>): Promise<Clock> {
  const [row] = await sql`select extract(epoch from ahead)::float8 * 1000 as ms from app.clock`
  let aheadMs: number = row!.ms
  return {
    now: () => Date.now() + aheadMs,
    async advance(ms) {
      if (ms < 0) throw new RangeError('A clock does not go back.')
      aheadMs += ms
      await sql`update app.clock set ahead = make_interval(secs => ${aheadMs / 1000})`
      await moved()
    },
  }
}
