import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { up as first } from './0001-first.ts'
import { up } from './0002-account.ts'

test('the account’s tables come to a database of before, strict, and lose nothing', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  db.exec(first)
  db.exec(`INSERT INTO workflows VALUES ('w', 'mine', '{}', 0, 1, NULL)`)
  db.exec(up)
  const names = ['usage_leases', 'usage_events', 'stored_workflows']
  const strict = db.prepare('SELECT strict FROM pragma_table_list WHERE name = ?').pluck()
  expect(names.map(name => strict.get(name))).toEqual([1, 1, 1])

  db.exec(`INSERT INTO stored_workflows VALUES ('ann', 's', 'w', 1)`)
  expect(() => db.exec(`INSERT INTO stored_workflows VALUES ('ann', 's2', 'gone', 1)`)).toThrow(
    /FOREIGN KEY/,
  )
  expect(() => db.exec(`INSERT INTO usage_events VALUES ('r', 'ann', 'l', 'picture', 1)`)).toThrow(
    /CHECK/,
  )
  db.exec(`DELETE FROM workflows`)
  expect(db.prepare('SELECT count(*) FROM stored_workflows').pluck().get()).toBe(0)
})
