// Every edit reaches the host's journal within a second, and at once when the page is hidden.
import type { Document } from '../../../engine/graph/document.ts'
import { documentText } from '../../../engine/graph/open-workflow.ts'
import { host, useConnection } from '../host/connection.ts'
import { findTab, useTabs } from './tabs.ts'

const waitMs = 400
const retryMs = 1500

/** What the host has, by workflow. */
const journalled = new Map<string, Document>()
const timers = new Map<string, ReturnType<typeof setTimeout>>()

/** Sends the present state if the host does not have it yet. */
export async function flushDraft(id: string): Promise<void> {
  clearTimeout(timers.get(id))
  timers.delete(id)
  const document = findTab(id)?.history.present
  if (!document || journalled.get(id) === document) return
  await host.workflows.draft({ id, document: documentText(document) })
  journalled.set(id, document)
}

function schedule(id: string, afterMs: number) {
  if (timers.has(id)) return
  timers.set(
    id,
    setTimeout(() => {
      timers.delete(id)
      flushDraft(id).catch(() => schedule(id, retryMs))
    }, afterMs),
  )
}

/** Call once. */
export function startAutosave() {
  useTabs.subscribe(({ tabs }, before) => {
    if (tabs === before.tabs) return
    for (const tab of tabs) {
      const { id, history } = tab
      // A tab comes from the host as it is; only what differs later is an edit.
      if (!journalled.has(id)) journalled.set(id, history.present)
      else if (journalled.get(id) !== history.present) schedule(id, waitMs)
    }
    for (const id of journalled.keys()) {
      if (!tabs.some(tab => tab.id === id) && !timers.has(id)) journalled.delete(id)
    }
  })
  const flushAll = () => {
    if (useConnection.getState().line !== 'open') return
    for (const tab of useTabs.getState().tabs) flushDraft(tab.id).catch(() => undefined)
  }
  document.addEventListener('visibilitychange', () => document.hidden && flushAll())
  addEventListener('pagehide', flushAll)
}
