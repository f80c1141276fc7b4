// `POST /prompt`: validates, queues and answers with the place in the queue.
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { isNumber, isObject, type Json, type JsonObject, writeJson } from '../../graph/json.ts'
import { type Validation, validatePrompt } from '../../graph/validate.ts'
import type { Host } from '../host.ts'
import { QueueFullError } from '../queue.ts'
import { submissionOf } from '../submission.ts'
import { bodyOf, json, serverError } from './answers.ts'

/** Keys of `extra_data` that are secrets of another cloud: never stored. */
const secretKeyPattern = /^(auth_token|api_key)/
const idLimit = 200

const problem = (type: string, message: string, details = message) =>
  json({ error: { type, message, details, extra_info: {} }, node_errors: {} }, 400)

export const remaining = (host: Host): number =>
  host.store.runs.count('queued') + (host.queue.running ? 1 : 0)

export function promptRoutes(host: Host): Hono {
  const routes = new Hono()
  routes.get('/prompt', () => json({ exec_info: { queue_remaining: remaining(host) } }))
  routes.post('/prompt', async ({ req }) => {
    const body = await bodyOf(req.raw)
    if (!isObject(body)) return serverError()
    if (body.prompt === undefined || body.prompt === null)
      return problem('no_prompt', 'No prompt provided')
    const checked = validatePrompt(body.prompt, host.catalogue(), targetsOf(body))
    const validation = checked.error ? checked : await host.checks()(checked)
    if (validation.error)
      return json({ error: validation.error, node_errors: validation.nodeErrors }, 400)
    const refusal = await host.account.checkAllowance()
    if (refusal) return problem(refusal.code, refusal.message, refusal.hint)
    return queue(host, body, validation)
  })
  return routes
}

const targetsOf = ({ partial_execution_targets: targets }: JsonObject): string[] | undefined =>
  Array.isArray(targets) ? targets.map(String) : undefined

function queue(host: Host, body: JsonObject, validation: Validation): Response {
  const id = body.prompt_id === undefined ? randomUUID() : String(body.prompt_id)
  if (id === '' || id.length > idLimit || host.store.runs.find(id))
    return problem('invalid_prompt', 'The prompt_id is empty, too long or already taken', id)
  const sent = isObject(body.extra_data) ? body.extra_data : {}
  const extra: JsonObject = Object.fromEntries(
    Object.entries(sent).filter(([key]) => !secretKeyPattern.test(key)),
  )
  const clientId = typeof body.client_id === 'string' ? body.client_id : undefined
  if (clientId !== undefined) extra.client_id = clientId
  const pngInfo: Json = isObject(extra.extra_pnginfo) ? extra.extra_pnginfo : {}
  const { front, number } = body
  try {
    const run = host.submit(
      {
        ...submissionOf(validation, writeJson(pngInfo)),
        id,
        name: 'From the API',
        clientId,
        extraData: writeJson(extra),
      },
      { front: front === true, number: isNumber(number) ? number : undefined },
    )
    return json({ prompt_id: id, number: run.number, node_errors: validation.nodeErrors })
  } catch (error) {
    if (error instanceof QueueFullError) return problem('queue_full', error.message)
    throw error
  }
}
