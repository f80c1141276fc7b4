// Workflows: a draft that is journalled as it is edited, and the versions saved by hand.
import type { WorkflowSummary } from '../api/contract.ts'
import type { Db } from './database.ts'

/** Older versions are let go. */
export const versionsKept = 50

type Raw = Omit<WorkflowSummary, 'unsaved' | 'thumbnail'> & {
  unsaved: number
  thumbnail: string | null
}

const selectWorkflows = `
  SELECT id, name, updated_ms AS updatedMs, unsaved,
    (SELECT o.hash FROM runs r JOIN outputs o ON o.run_id = r.id
     WHERE r.workflow_id = w.id AND o.removed_ms IS NULL ORDER BY o.id DESC LIMIT 1) AS thumbnail
  FROM workflows w WHERE removed_ms IS NULL`

const readRow = ({ unsaved, thumbnail, ...rest }: Raw): WorkflowSummary => ({
  ...rest,
  unsaved: unsaved === 1,
  thumbnail: thumbnail ?? undefined,
})

export function workflowStore(db: Db) {
  const all = db.prepare<[], Raw>(`${selectWorkflows} ORDER BY updated_ms DESC, rowid DESC`)
  const one = db.prepare<[string], Raw>(`${selectWorkflows} AND id = ?`)
  const draft = db
    .prepare<[string], string>('SELECT draft FROM workflows WHERE id = ? AND removed_ms IS NULL')
    .pluck()
  const insert = db.prepare(
    'INSERT INTO workflows (id, name, draft, unsaved, updated_ms) VALUES (?, ?, ?, 0, ?)',
  )
  // An untouched draft sent again is no edit.
  const setDraft = db.prepare(
    `UPDATE workflows SET draft = @document, unsaved = 1, updated_ms = @nowMs
     WHERE id = @id AND removed_ms IS NULL AND draft <> @document`,
  )
  const addVersion = db.prepare(
    `INSERT INTO workflow_versions (workflow_id, number, document, created_ms)
     SELECT id, 1 + (SELECT coalesce(max(number), 0) FROM workflow_versions WHERE workflow_id = @id),
            draft, @nowMs FROM workflows WHERE id = @id`,
  )
  const trimVersions = db.prepare(
    `DELETE FROM workflow_versions WHERE workflow_id = @id AND number <=
       (SELECT max(number) FROM workflow_versions WHERE workflow_id = @id) - ${versionsKept}`,
  )
  const saved = db.prepare('UPDATE workflows SET unsaved = 0, updated_ms = @nowMs WHERE id = @id')
  const versions = db.prepare<[string], { number: number; document: string; createdMs: number }>(
    `SELECT number, document, created_ms AS createdMs FROM workflow_versions
     WHERE workflow_id = ? ORDER BY number DESC`,
  )
  const rename = db.prepare('UPDATE workflows SET name = ?, updated_ms = ? WHERE id = ?')
  const remove = db.prepare('UPDATE workflows SET removed_ms = ? WHERE id = ?')

  const find = (id: string): WorkflowSummary | undefined => {
    const raw = one.get(id)
    return raw && readRow(raw)
  }
  return {
    list: (): WorkflowSummary[] => all.all().map(readRow),
    find,
    draft: (id: string): string | undefined => draft.get(id),
    create: db.transaction((id: string, name: string, document: string, nowMs: number) => {
      insert.run(id, name, document, nowMs)
      addVersion.run({ id, nowMs })
    }),
    /** Whether anything changed. */
    setDraft: (id: string, document: string, nowMs: number): boolean =>
      setDraft.run({ id, document, nowMs }).changes === 1,
    save: db.transaction((id: string, nowMs: number) => {
      addVersion.run({ id, nowMs })
      trimVersions.run({ id })
      saved.run({ id, nowMs })
    }),
    versions: (id: string) => versions.all(id),
    rename: (id: string, name: string, nowMs: number): void => void rename.run(name, nowMs, id),
    /** Out of the list; its runs keep their graphs. */
    remove: (id: string, nowMs: number): void => void remove.run(nowMs, id),
  }
}
