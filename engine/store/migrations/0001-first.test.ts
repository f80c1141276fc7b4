import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { up } from './0001-first.ts'

const insertRun = (id: string, state: string) =>
  `INSERT INTO runs (id, number, state, name, queued_ms, extra_data, png_info, prompt)
   VALUES ('${id}', 1, '${state}', 'a', 0, '{}', '{}', '{}')`

test('the first schema is strict and holds its references', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  db.exec(up)
  const tables = db.prepare(`SELECT name, strict FROM pragma_table_list WHERE type = 'table'`).all()
  const ours = tables.filter(row => !(row as { name: string }).name.startsWith('sqlite_'))
  expect(ours).toHaveLength(10)
  expect(ours.every(row => (row as { strict: number }).strict === 1)).toBe(true)

  db.exec(insertRun('r1', 'queued'))
  expect(() => db.exec(insertRun('r2', 'lost'))).toThrow(/CHECK/)
  expect(() =>
    db.exec(`INSERT INTO outputs (run_id, node_id, hash, filename, subfolder, created_ms)
             VALUES ('r1', '9', 'unknown', 'a.png', '', 0)`),
  ).toThrow(/FOREIGN KEY/)
  expect(db.prepare('SELECT paused, next_number FROM queue_state').get()).toEqual({
    paused: 0,
    next_number: 0,
  })
})
