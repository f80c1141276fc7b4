// The way to PostgreSQL. A lost connection is opened again by the next query, and what may safely run
// twice is tried once more.
import postgres from 'postgres'

export type Sql = postgres.Sql
export type Transaction = postgres.TransactionSql

const connections = 8
const retryPauseMs = 300
/** Supabase's transaction pooler: each query may meet another server session, which prepared nothing. */
const poolerPort = '6543'

export function openDatabase(url: string): Sql {
  return postgres(url, {
    // Half the round trips where it can be had.
    prepare: new URL(url).port !== poolerPort,
    max: connections,
    idle_timeout: 60,
    connect_timeout: 10,
    // Seconds; the default grows to 20, long after a restart is over.
    backoff: attempt => Math.min(0.1 * 2 ** attempt, 2),
    onnotice: () => undefined,
    connection: { application_name: 'account-functions' },
  })
}

/** postgres.js' own codes, sockets', and what a server says while it stops and starts (class 57P). */
const lossCodes = /^(CONNECTION_|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT|57P0|08|53300)/

export const isConnectionLoss = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && lossCodes.test(String(error.code))

/** For work that may run twice: once more after a lost connection. */
export async function twice<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!isConnectionLoss(error)) throw error
    await new Promise(resolve => setTimeout(resolve, retryPauseMs))
    return await work()
  }
}

/** Runs as the person, under row-level security, as the Data API would. */
export function asPerson<T>(
  sql: Sql,
  claims: { sub: string },
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return sql.begin(async tx => {
    await tx`select set_config('role', 'authenticated', true),
      set_config('request.jwt.claims', ${JSON.stringify({ ...claims, role: 'authenticated' })}, true)`
    return work(tx)
  }) as Promise<T>
}

/** What `app.refuse` raised: PTnnn is an HTTP status, the detail JSON with a code. */
export function sqlRefusal(
  error: unknown,
): { status: number; message: string; detail: Record<string, unknown> } | null {
  if (!(error instanceof postgres.PostgresError) || !/^PT\d{3}$/.test(error.code)) return null
  let detail: Record<string, unknown> = {}
  try {
    detail = JSON.parse(error.detail ?? '{}')
  } catch {
    // Words instead of JSON: the message says enough.
  }
  return { status: Number(error.code.slice(2)), message: error.message, detail }
}
