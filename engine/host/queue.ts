// The queue: pending runs by number, one running at a time. SQLite is the truth, so a restart
// finds it as it was; this file only decides what runs next.
import type { NewRun, RunRow } from '../store/runs.ts'
import type { Store } from '../store/store.ts'

export const pendingLimit = 1000

export class QueueFullError extends Error {
  override name = 'QueueFullError'
  constructor() {
    super(`${pendingLimit} runs are waiting already. Let some finish or clear the queue.`)
  }
}

export interface QueueOptions {
  runs: Store['runs']
  /** Runs one to its end and writes how it ended; never throws. */
  execute(run: RunRow, signal: AbortSignal): Promise<void>
  /** Something about the queue changed. */
  changed(): void
  /** A run is over and the queue has said so. */
  ended(run: RunRow): void
}

export interface Queue {
  add(run: NewRun): RunRow
  /** A pending run leaves the queue, a running one is interrupted. */
  cancel(id: string): void
  interrupt(): void
  move(id: string, before?: string): void
  clear(): void
  pause(paused: boolean): void
  readonly paused: boolean
  readonly running: RunRow | undefined
  pending(): RunRow[]
  /** Begins to work; runs restored from the last time come first. */
  start(): void
  /** Starts nothing more. Settles when the present run, which the caller ends, has been written down. */
  stop(): Promise<void>
}

export function createQueue({ runs, execute, changed, ended }: QueueOptions): Queue {
  let current: { run: RunRow; abort: AbortController } | undefined
  let settled = Promise.resolve()
  let working = false

  const next = () => {
    if (!working || current || runs.paused()) return
    const [first] = runs.inState('queued')
    if (!first || !runs.start(first.id, Date.now())) return
    const run = runs.find(first.id)!
    current = { run, abort: new AbortController() }
    changed()
    settled = execute(run, current.abort.signal)
      // The disk is full, say: the next start finds the run and says that it failed.
      .catch(error => console.error(error))
      .then(() => {
        current = undefined
        if (!working) return
        changed()
        ended(run)
        next()
      })
  }

  return {
    add(run) {
      if (runs.count('queued') >= pendingLimit) throw new QueueFullError()
      runs.add(run)
      const row = runs.find(run.id)!
      changed()
      // The caller hears of its run before the run's first event.
      setImmediate(next)
      return row
    },
    cancel(id) {
      if (current?.run.id === id) current.abort.abort()
      else if (runs.drop(id)) changed()
    },
    interrupt: () => current?.abort.abort(),
    move(id, before) {
      const others = runs.inState('queued').filter(run => run.id !== id)
      const moved = runs.find(id)
      if (moved?.state !== 'queued') return
      const found = before === undefined ? -1 : others.findIndex(run => run.id === before)
      const at = found < 0 ? others.length : found
      const order = [...others.slice(0, at), moved, ...others.slice(at)]
      const low = others[at - 1]?.number
      const high = others[at]?.number
      const between =
        low === undefined ? (high ?? 0) - 1 : high === undefined ? low + 1 : (low + high) / 2
      if ((low === undefined || between > low) && (high === undefined || between < high))
        runs.setNumber(id, between)
      else {
        const lowest = Math.min(...order.map(run => run.number))
        order.forEach((run, i) => void runs.setNumber(run.id, lowest + i))
      }
      changed()
    },
    clear() {
      for (const run of runs.inState('queued')) runs.drop(run.id)
      changed()
    },
    pause(paused) {
      runs.setPaused(paused)
      changed()
      next()
    },
    get paused() {
      return runs.paused()
    },
    get running() {
      return current?.run
    },
    pending: () => runs.inState('queued'),
    start() {
      working = true
      next()
    },
    stop() {
      working = false
      return settled
    },
  }
}
