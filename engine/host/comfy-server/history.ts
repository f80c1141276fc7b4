// `/history`: what ran, told as ComfyUI tells it; out of SQLite, so it outlives a restart.
import { Hono } from 'hono'
import { isObject, type JsonObject } from '../../graph/json.ts'
import type { RunRow } from '../../store/runs.ts'
import { readHistory } from '../history.ts'
import type { Host } from '../host.ts'
import { bodyOf, empty, json, serverError } from './answers.ts'
import { failureMessage, interruptMessage } from './messages.ts'
import { queueItem } from './queue.ts'

const defaultItems = 1000
const itemsLimit = 10_000

export function historyRoutes(host: Host): Hono {
  const { runs } = host.store
  const routes = new Hono()
  const list = (found: RunRow[]) =>
    json(Object.fromEntries(found.map(run => [run.id, historyItem(host, run)])))

  routes.get('/history', ({ req }) => {
    const asked = wholeNumber(req.query('max_items')) ?? defaultItems
    const offset = wholeNumber(req.query('offset')) ?? -1
    const limit = Math.min(Math.max(0, asked), itemsLimit)
    return list(runs.history(limit, offset >= 0 ? offset : undefined))
  })
  routes.get('/history/:id', ({ req }) => {
    const run = runs.find(req.param('id'))
    return list(run && runs.texts(run.id)?.history ? [run] : [])
  })
  routes.post('/history', async ({ req }) => {
    const body = await bodyOf(req.raw)
    if (!isObject(body)) return serverError()
    if (body.clear) runs.hideHistory()
    for (const id of Array.isArray(body.delete) ? body.delete : []) runs.hideHistory(String(id))
    return empty()
  })
  return routes
}

/** Nothing for what is no number, or none that can be counted to. */
const wholeNumber = (text: string | undefined): number | undefined => {
  const number = Math.trunc(Number(text))
  return text && Number.isSafeInteger(number) ? number : undefined
}

function historyItem(host: Host, run: RunRow): JsonObject {
  const history = readHistory(host.store.runs.texts(run.id)!.history!)
  const started = { prompt_id: run.id, timestamp: run.startedMs ?? run.queuedMs }
  const ended = { prompt_id: run.id, timestamp: run.finishedMs ?? run.queuedMs }
  const last = history.failure
    ? ['execution_error', { ...failureMessage(run.id, history.failure), ...ended }]
    : history.interrupted
      ? ['execution_interrupted', { ...interruptMessage(run.id, history.interrupted), ...ended }]
      : ['execution_success', ended]
  return {
    prompt: queueItem(host.store, run),
    outputs: history.shown,
    status: {
      status_str: run.state === 'done' ? 'success' : 'error',
      completed: run.state === 'done',
      messages: [
        ['execution_start', started],
        ['execution_cached', { nodes: history.cached, ...started }],
        last,
      ],
    },
    meta: Object.fromEntries(
      Object.keys(history.shown).map(node => [
        node,
        { node_id: node, display_node: node, parent_node: null, real_node_id: node },
      ]),
    ),
  } as JsonObject
}
