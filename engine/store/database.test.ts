import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDatabase, StoreError } from './database.ts'
import { migrations, schemaVersion } from './migrations/index.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'store-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))
const file = () => join(dir, 'comfyrunner.db')

test('migrations are numbered without gaps and leave their number in the file', () => {
  expect(migrations.map(m => m.version)).toEqual(migrations.map((_, i) => i + 1))
  const { db } = openDatabase(file())
  expect(db.pragma('user_version', { simple: true })).toBe(schemaVersion)
  expect(db.pragma('synchronous', { simple: true })).toBe(2)
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
  db.close()
})

test('a newer database is refused with what to do, and left alone', () => {
  const raw = new Database(file())
  raw.pragma('user_version = 99')
  raw.close()
  expect(() => openDatabase(file())).toThrow(/newer ComfyRunner .*Update the app/)
  expect(existsSync(`${file()}.damaged`)).toBe(false)
})

test('a damaged database is kept aside and a new one begun, said aloud', () => {
  writeFileSync(file(), Buffer.alloc(8192, 'not a database '))
  const { db, notice } = openDatabase(file())
  expect(notice).toContain('comfyrunner.db.damaged')
  expect(readFileSync(`${file()}.damaged`, 'latin1')).toContain('not a database')
  expect(db.prepare('SELECT count(*) FROM runs').pluck().get()).toBe(0)
  db.close()
})

test('pages overwritten in the middle are noticed too', () => {
  const first = openDatabase(file())
  const insert = first.db.prepare(`INSERT INTO settings VALUES (?, ?)`)
  first.db.transaction(() => {
    for (let i = 0; i < 500; i++) insert.run(`key${i}`, 'x'.repeat(200))
  })()
  first.db.close()
  const bytes = readFileSync(file())
  bytes.fill(0xaa, 4096 * 3, bytes.length - 4096)
  writeFileSync(file(), bytes)
  const { db, notice } = openDatabase(file())
  expect(notice).toContain('damaged')
  db.close()
})

test('a second host on the same folder is told so', () => {
  const { db } = openDatabase(file())
  let error: unknown
  try {
    openDatabase(file())
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(StoreError)
  expect((error as StoreError).code).toBe('busy')
  db.close()
  openDatabase(file()).db.close()
})

test('a file that cannot be opened is said in words, with what to do', () => {
  mkdirSync(file())
  expect(() => openDatabase(file())).toThrow(/cannot be opened or made.*another --data-dir/)
})
