// Runs: the queue, the history, and the exact graph each one ran. Also the queue's own state.
import type { Problem, RunState } from '../api/contract.ts'
import type { Db } from './database.ts'

/** Ended runs without a picture, beyond the newest so many, are forgotten. */
export const runsKept = 2000

/** What is asked for: fixed from the moment it is queued. JSON texts are lossless. */
export interface NewRun {
  id: string
  number: number
  workflow?: string
  name: string
  queuedMs: number
  clientId?: string
  words: string
  targets?: string[]
  extraData: string
  pngInfo: string
  prompt: string
  document?: string
}

/** A run without its texts: what lists and events need. */
export interface RunRow {
  id: string
  number: number
  state: RunState
  workflow?: string
  name: string
  queuedMs: number
  startedMs?: number
  finishedMs?: number
  failure?: Problem
  clientId?: string
  targets?: string[]
}

/** The texts of a run, as they were queued. */
export interface RunTexts {
  prompt: string
  pngInfo: string
  extraData: string
  document?: string
  /** Lossless JSON of `RunHistory`, once it ended. */
  history?: string
}

type Raw = { [K in keyof RunRow]: RunRow[K] | null } & {
  failure: string | null
  targets: string | null
}

const columns = `id, number, state, workflow_id AS workflow, name, queued_ms AS queuedMs,
  started_ms AS startedMs, finished_ms AS finishedMs, failure, client_id AS clientId, targets`

const readRow = (raw: Raw): RunRow =>
  Object.fromEntries(
    Object.entries(raw)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [
        key,
        key === 'failure' || key === 'targets' ? JSON.parse(value as string) : value,
      ]),
  ) as unknown as RunRow

export function runStore(db: Db) {
  const insert = db.prepare(
    `INSERT INTO runs (id, number, state, workflow_id, name, queued_ms, client_id, words, targets,
                       extra_data, png_info, prompt, document)
     VALUES (@id, @number, 'queued', (SELECT id FROM workflows WHERE id = @workflow), @name,
             @queuedMs, @clientId, @words, @targets, @extraData, @pngInfo, @prompt, @document)`,
  )
  const one = db.prepare<[string], Raw>(`SELECT ${columns} FROM runs WHERE id = ?`)
  const texts = db.prepare<[string], { [K in keyof RunTexts]: string | null }>(
    `SELECT prompt, png_info AS pngInfo, extra_data AS extraData, document, history
     FROM runs WHERE id = ?`,
  )
  const byState = db.prepare<[RunState], Raw>(
    `SELECT ${columns} FROM runs WHERE state = ? ORDER BY number, rowid`,
  )
  const count = db.prepare<[RunState], number>('SELECT count(*) FROM runs WHERE state = ?').pluck()
  const page = db.prepare<object, Raw>(
    `SELECT ${columns} FROM runs WHERE @before IS NULL OR queued_ms < @before
     ORDER BY queued_ms DESC, rowid DESC LIMIT @limit`,
  )
  const newest = db.prepare<object, Raw>(
    `SELECT ${columns} FROM runs WHERE history IS NOT NULL
     ORDER BY finished_ms DESC, rowid DESC LIMIT @limit`,
  )
  const oldest = db.prepare<object, Raw>(
    `SELECT ${columns} FROM runs WHERE history IS NOT NULL
     ORDER BY finished_ms, rowid LIMIT @limit OFFSET @offset`,
  )
  const setNumber = db.prepare('UPDATE runs SET number = @number WHERE id = @id')
  const start = db.prepare(
    `UPDATE runs SET state = 'running', started_ms = @startedMs WHERE id = @id AND state = 'queued'`,
  )
  const finish = db.prepare(
    `UPDATE runs SET state = @state, finished_ms = @finishedMs, failure = @failure,
                     history = @history WHERE id = @id`,
  )
  const drop = db.prepare(`DELETE FROM runs WHERE id = ? AND state = 'queued'`)
  const hide = db.prepare(`UPDATE runs SET history = NULL WHERE id = ?`)
  const hideAll = db.prepare(`UPDATE runs SET history = NULL`)
  // A run that made a picture is that picture's recipe: it goes with the picture, not before.
  const trim = db.prepare(
    `DELETE FROM runs WHERE rowid IN (
       SELECT r.rowid FROM runs r
       WHERE r.state IN ('done', 'failed', 'interrupted')
         AND NOT EXISTS (SELECT 1 FROM outputs o WHERE o.run_id = r.id)
       ORDER BY r.queued_ms DESC, r.rowid DESC LIMIT -1 OFFSET ?)`,
  )
  const queue = db.prepare<[], { paused: number; next_number: number }>('SELECT * FROM queue_state')
  const setPaused = db.prepare('UPDATE queue_state SET paused = ?')
  const takeNumber = db
    .prepare<[], number>(
      'UPDATE queue_state SET next_number = next_number + 1 RETURNING next_number - 1',
    )
    .pluck()

  return {
    add: (run: NewRun): void =>
      void insert.run({
        ...run,
        workflow: run.workflow ?? null,
        clientId: run.clientId ?? null,
        document: run.document ?? null,
        targets: run.targets ? JSON.stringify(run.targets) : null,
      }),
    find: (id: string): RunRow | undefined => {
      const raw = one.get(id)
      return raw && readRow(raw)
    },
    texts: (id: string): RunTexts | undefined => {
      const raw = texts.get(id)
      return (
        raw && {
          ...(raw as RunTexts),
          document: raw.document ?? undefined,
          history: raw.history ?? undefined,
        }
      )
    },
    inState: (state: RunState): RunRow[] => byState.all(state).map(readRow),
    count: (state: RunState): number => count.get(state) ?? 0,
    /** Newest first. */
    list: (before: number | undefined, limit: number): RunRow[] =>
      page.all({ before: before ?? null, limit }).map(readRow),
    /** What ended, oldest first: the newest so many, or from an offset on. */
    history: (limit: number, offset?: number): RunRow[] =>
      offset === undefined
        ? newest.all({ limit }).map(readRow).reverse()
        : oldest.all({ limit, offset }).map(readRow),
    setNumber: (id: string, number: number): void => void setNumber.run({ id, number }),
    start: (id: string, startedMs: number): boolean => start.run({ id, startedMs }).changes === 1,
    finish: (
      id: string,
      state: 'done' | 'failed' | 'interrupted',
      finishedMs: number,
      history: string,
      failure?: Problem,
    ): void =>
      void finish.run({
        id,
        state,
        finishedMs,
        history,
        failure: failure ? JSON.stringify(failure) : null,
      }),
    /** Only what has not started: the rest is history. */
    drop: (id: string): boolean => drop.run(id).changes === 1,
    /** Out of ComfyUI's /history; the gallery keeps its recipe. */
    hideHistory: (id?: string): void => void (id === undefined ? hideAll.run() : hide.run(id)),
    /** Forgets the oldest ended runs that made no picture. @returns how many */
    trim: (kept = runsKept): number => trim.run(kept).changes,
    paused: (): boolean => queue.get()!.paused === 1,
    setPaused: (paused: boolean): void => void setPaused.run(paused ? 1 : 0),
    /** ComfyUI's counter: each run takes the next number. */
    takeNumber: (): number => takeNumber.get()!,
  }
}
