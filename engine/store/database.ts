// Opens the database: one file, one process at a time, every confirmed write on the disk.
import { existsSync, mkdirSync, renameSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { migrations, schemaVersion } from './migrations/index.ts'

export type Db = Database.Database

export class StoreError extends Error {
  override name = 'StoreError'
  readonly code: 'newer' | 'busy' | 'unusable'
  constructor(code: 'newer' | 'busy' | 'unusable', message: string) {
    super(message)
    this.code = code
  }
}

export interface OpenedDatabase {
  db: Db
  /** Said to the user: a damaged file was put aside and a new one begun. */
  notice?: string
}

/** Above this size the check at start is left to SQLite's own, page by page. */
const checkLimitBytes = 256 * 2 ** 20

/**
 * Opens or makes the database and brings its schema up to date. A damaged file is renamed to
 * `.damaged` and a new one begun. @throws StoreError when the file is newer than this program or
 * another ComfyRunner holds it.
 */
export function openDatabase(file: string): OpenedDatabase {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true })
  try {
    return { db: open(file) }
  } catch (error) {
    if (!isDamage(error)) throw error
    const aside = putAside(file)
    const notice =
      `The database was damaged and could not be read. It was kept as ${aside}, and a new one ` +
      'was begun: pictures on disk are untouched, the gallery and history start empty.'
    return { db: open(file), notice }
  }
}

function open(file: string): Db {
  let db: Db | undefined
  try {
    db = new Database(file, { timeout: 1000 })
    // Held until the process ends, however it ends: two hosts would run the queue twice.
    db.pragma('locking_mode = EXCLUSIVE')
    db.pragma('journal_mode = WAL')
    // WAL alone may lose the last commits on a power cut; FULL syncs each.
    db.pragma('synchronous = FULL')
    db.pragma('foreign_keys = ON')
    db.exec('BEGIN IMMEDIATE; COMMIT')
    if (file !== ':memory:' && statSync(file).size < checkLimitBytes) check(db)
    migrate(db)
    return db
  } catch (error) {
    db?.close()
    if (sqliteCode(error).startsWith('SQLITE_BUSY'))
      throw new StoreError(
        'busy',
        'ComfyRunner is already running with this data folder. Use that window, or give this one another --data-dir.',
      )
    const reason = unusableReasons.find(([code]) => sqliteCode(error).startsWith(code))?.[1]
    if (reason)
      throw new StoreError(
        'unusable',
        `The database ${file} cannot be used: ${reason}. Mend that, or choose another --data-dir.`,
      )
    throw error
  }
}

/** What is wrong with the disk or the folder, not with the file's contents. */
const unusableReasons: [code: string, reason: string][] = [
  ['SQLITE_CANTOPEN', 'it cannot be opened or made'],
  ['SQLITE_READONLY', 'it may not be written to'],
  ['SQLITE_PERM', 'it may not be read or written'],
  ['SQLITE_FULL', 'the disk is full'],
  ['SQLITE_IOERR', 'the disk reports an error'],
]

function check(db: Db): void {
  const [row] = db.pragma('quick_check(1)') as { quick_check: string }[]
  if (row?.quick_check !== 'ok')
    throw Object.assign(new Error(row?.quick_check ?? 'no answer'), { code: 'SQLITE_CORRUPT' })
}

function migrate(db: Db): void {
  const present = db.pragma('user_version', { simple: true }) as number
  if (present > schemaVersion)
    throw new StoreError(
      'newer',
      `The data folder was written by a newer ComfyRunner (schema ${present}, this one knows ${schemaVersion}). Update the app, or start with another --data-dir.`,
    )
  for (const { version, up } of migrations.filter(({ version }) => version > present))
    db.transaction(() => {
      db.exec(up)
      db.pragma(`user_version = ${version}`)
    })()
}

const sqliteCode = (error: unknown): string => String((error as { code?: unknown })?.code ?? '')

const isDamage = (error: unknown): boolean =>
  sqliteCode(error) === 'SQLITE_NOTADB' || sqliteCode(error).startsWith('SQLITE_CORRUPT')

function putAside(file: string): string {
  let aside = `${file}.damaged`
  for (let n = 2; existsSync(aside); n++) aside = `${file}.damaged-${n}`
  renameSync(file, aside)
  for (const suffix of ['-wal', '-shm'])
    if (existsSync(file + suffix)) renameSync(file + suffix, aside + suffix)
  return aside
}
