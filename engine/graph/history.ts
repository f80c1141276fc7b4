// Undo: whole documents, which share everything they have in common.
import type { Document } from './document.ts'

export interface Step {
  /** What was done to leave this document (in `past`), or to reach it (in `future`). */
  label: string
  document: Document
}

export interface History {
  /** Oldest first. */
  past: readonly Step[]
  present: Document
  /** Next redo first. */
  future: readonly Step[]
  /** Further changes under the same key join the newest step: a drag, a run of typing. */
  mergeKey?: string
}

export const historyLimit = 200

export const startHistory = (document: Document): History => ({
  past: [],
  present: document,
  future: [],
})

/** A change without effect leaves the history as it is. */
export function record(
  history: History,
  document: Document,
  label: string,
  mergeKey?: string,
): History {
  if (document === history.present) return history
  const joins = mergeKey !== undefined && mergeKey === history.mergeKey && history.past.length > 0
  const past = joins ? history.past : [...history.past, { label, document: history.present }]
  return { past: past.slice(-historyLimit), present: document, future: [], mergeKey }
}

/** A change that undo passes over: what a run writes into the document, such as new seeds. */
export const amend = (history: History, document: Document): History =>
  document === history.present ? history : { ...history, present: document }

/** Ends a gesture: the next change is a step of its own. */
export const seal = (history: History): History =>
  history.mergeKey === undefined ? history : { ...history, mergeKey: undefined }

export function undo(history: History): History {
  const step = history.past.at(-1)
  if (!step) return history
  return {
    past: history.past.slice(0, -1),
    present: step.document,
    future: [{ label: step.label, document: history.present }, ...history.future],
  }
}

export function redo(history: History): History {
  const [step, ...future] = history.future
  if (!step) return history
  return {
    past: [...history.past, { label: step.label, document: history.present }],
    present: step.document,
    future,
  }
}
