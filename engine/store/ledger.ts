// Every request the app made: where to, what for, how many bytes. What the "0 bytes sent" reads.
import type { LedgerRow } from '../api/contract.ts'
import type { Db } from './database.ts'

export const ledgerRowsKept = 10_000

export type NewLedgerRow = LedgerRow & { local: boolean }

export function ledgerStore(db: Db) {
  const insert = db.prepare(
    `INSERT INTO ledger (time_ms, host, purpose, sent_bytes, received_bytes, refused, local)
     VALUES (@timeMs, @host, @purpose, @sentBytes, @receivedBytes, @refused, @local)`,
  )
  const trim = db.prepare(
    `DELETE FROM ledger WHERE id <= (SELECT max(id) FROM ledger) - ${ledgerRowsKept}`,
  )
  const count = db.prepare('UPDATE ledger_total SET sent_bytes = sent_bytes + ?')
  const newest = db.prepare<[number], Omit<LedgerRow, 'refused'> & { refused: number }>(
    `SELECT time_ms AS timeMs, host, purpose, sent_bytes AS sentBytes,
            received_bytes AS receivedBytes, refused FROM ledger ORDER BY id DESC LIMIT ?`,
  )
  const total = db.prepare<[], number>('SELECT sent_bytes FROM ledger_total').pluck()

  return {
    add: db.transaction((row: NewLedgerRow) => {
      insert.run({ ...row, refused: row.refused ? 1 : 0, local: row.local ? 1 : 0 })
      if (!row.local) count.run(row.sentBytes)
      trim.run()
    }),
    list: (limit: number): LedgerRow[] =>
      newest.all(limit).map(row => ({ ...row, refused: row.refused === 1 })),
    /** Bytes that left this machine, ever. */
    sentBytes: (): number => total.get() ?? 0,
  }
}
