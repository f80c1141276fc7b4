// What runs made: one row a picture, newest first in the gallery.
import type { Output } from '../api/contract.ts'
import type { Db } from './database.ts'

const selectOutputs = `
  SELECT o.id, o.run_id AS run, o.node_id AS node, o.hash, o.filename, o.subfolder,
         a.mime, a.width, a.height, a.size_bytes AS sizeBytes, o.created_ms AS createdMs
  FROM outputs o JOIN assets a ON a.hash = o.hash`

export type NewOutput = Pick<Output, 'run' | 'node' | 'hash' | 'filename' | 'subfolder'> & {
  createdMs: number
}

export interface OutputPage {
  before?: number
  limit: number
  search?: string
}

export function outputStore(db: Db) {
  const one = db.prepare<[number], Output>(`${selectOutputs} WHERE o.id = ?`)
  const ofRun = db.prepare<[string], Output>(
    `${selectOutputs} WHERE o.run_id = ? AND o.removed_ms IS NULL ORDER BY o.id`,
  )
  const visible = `FROM outputs o JOIN runs r ON r.id = o.run_id
    WHERE o.removed_ms IS NULL
      AND (@like IS NULL OR r.words LIKE @like ESCAPE '\\' OR r.name LIKE @like ESCAPE '\\'
           OR o.filename LIKE @like ESCAPE '\\')`
  const page = db.prepare<object, Output>(
    `${selectOutputs} WHERE o.id IN (
       SELECT o.id ${visible} AND (@before IS NULL OR o.id < @before)
       ORDER BY o.id DESC LIMIT @limit)
     ORDER BY o.id DESC`,
  )
  const total = db.prepare<object, number>(`SELECT count(*) ${visible}`).pluck()
  const insert = db.prepare(
    `INSERT INTO outputs (run_id, node_id, hash, filename, subfolder, created_ms)
     VALUES (@run, @node, @hash, @filename, @subfolder, @createdMs)`,
  )
  const mark = db.prepare('UPDATE outputs SET removed_ms = @removedMs WHERE id = @id')
  const removed = db.prepare<[number], number>(
    'SELECT removed_ms IS NOT NULL FROM outputs WHERE id = ?',
  )
  const sharing = db
    .prepare<object, number>(
      `SELECT count(*) FROM outputs WHERE filename = @filename AND subfolder = @subfolder
       AND removed_ms IS NULL AND id <> @id`,
    )
    .pluck()

  const expired = db.prepare<[number], Output>(
    `${selectOutputs} WHERE o.removed_ms < ? ORDER BY o.removed_ms LIMIT 1000`,
  )
  const forget = db.prepare('DELETE FROM outputs WHERE id = ? AND removed_ms IS NOT NULL')

  return {
    find: (id: number): Output | undefined => one.get(id),
    ofRun: (run: string): Output[] => ofRun.all(run),
    list({ before, limit, search }: OutputPage): { outputs: Output[]; total: number } {
      const like = search?.trim() ? `%${search.trim().replace(/[\\%_]/g, '\\$&')}%` : null
      return {
        outputs: page.all({ before: before ?? null, limit, like }),
        total: total.get({ like }) ?? 0,
      }
    },
    add(output: NewOutput): Output {
      const { lastInsertRowid } = insert.run(output)
      return one.get(Number(lastInsertRowid))!
    },
    isRemoved: (id: number): boolean => removed.pluck().get(id) === 1,
    remove: (id: number, removedMs: number): void => void mark.run({ id, removedMs }),
    restore: (id: number): void => void mark.run({ id, removedMs: null }),
    /** In the trash since before then. */
    removedBefore: (timeMs: number): Output[] => expired.all(timeMs),
    /** Only what is in the trash: nothing of the gallery. */
    forget: (id: number): void => void forget.run(id),
    /** How many other rows of the gallery show the same file (a cached run names it again). */
    sharing: (output: Output): number => sharing.get(output) ?? 0,
  }
}
