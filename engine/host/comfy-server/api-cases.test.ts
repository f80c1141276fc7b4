// Requests to ComfyUI's server with its exact answers, put to ours.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  isObject,
  type Json,
  type JsonObject,
  readJson,
  sameJson,
  writeJson,
} from '../../graph/json.ts'
import { nodeTypes } from '../../nodes/index.ts'
import { jsonOf, type TestHost, testHost, until } from '../fixtures/test-host.ts'
import { type Server, serve } from '../serve.ts'

const casesFile = resolve(import.meta.dirname, '../../../../shared/comfyui/api_cases.json')

interface Case extends JsonObject {
  request: Json
  status: number
  response: Json
}
const cases: Record<string, Case> = existsSync(casesFile)
  ? (readJson(readFileSync(casesFile, 'utf8')) as Record<string, Case>)
  : {}

/** Where we answer otherwise on purpose, or list other models. */
const knownDifferences: Record<string, string> = {
  value_not_in_list_long: 'we have other samplers',
  value_not_in_list_short: 'we have other schedulers',
  missing_checkpoint: 'the bundled starter model is listed too',
}

const classesOf = (prompt: Json | undefined): string[] =>
  isObject(prompt)
    ? Object.values(prompt).flatMap(node =>
        isObject(node) && typeof node.class_type === 'string' ? [node.class_type] : [],
      )
    : []
const lacking = (entry: Case): string[] =>
  isObject(entry.request)
    ? classesOf(entry.request.prompt).filter(type => type !== 'NoSuchNode' && !nodeTypes.has(type))
    : []

/** Tooltips are our own words, tracebacks and ids are of their machine. */
function comparable(value: Json): Json {
  if (Array.isArray(value)) return value.map(comparable)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key]) => !['tooltip', 'traceback', 'prompt_id', 'number', 'input_config'].includes(key),
      )
      .map(([key, item]) => [key, comparable(item)]),
  )
}

let host: TestHost
let server: Server
beforeAll(async () => {
  host = testHost()
  host.host.queue.pause(true)
  server = await serve(host.host, { listen: '127.0.0.1', port: 0 })
})
afterAll(async () => {
  await server?.close()
  await host?.end()
})
const post = (path: string, body: string) => fetch(server.url + path, { method: 'POST', body })

const prompts = Object.entries(cases).filter(([, entry]) => isObject(entry.request))
const plain = Object.entries(cases).filter(([, entry]) => typeof entry.request === 'string')

describe.skipIf(prompts.length === 0)('POST /prompt', () => {
  test.for(prompts)('%s', async ([name, entry], { skip }) => {
    const missing = lacking(entry)
    skip(missing.length > 0, `we lack ${missing.join(', ')}`)
    skip(name in knownDifferences, knownDifferences[name])
    const answer = await post('/prompt', writeJson(entry.request))
    const body = readJson(await answer.text())
    expect([answer.status, comparable(body)]).toEqual([entry.status, comparable(entry.response)])
    if (isObject(entry.request) && entry.request.number !== undefined)
      expect(body).toMatchObject({ number: -3.5 })
    if (isObject(entry.request) && entry.request.front)
      expect((body as { number: number }).number).toBeLessThan(0)
    if (isObject(entry.request) && entry.request.prompt_id)
      expect(body).toMatchObject({ prompt_id: entry.request.prompt_id })
  })
})

describe.skipIf(plain.length === 0)('other requests', () => {
  test.for(plain)('%s', async ([, entry]) => {
    const [method, path] = String(entry.request).split(' ') as [string, string]
    for (const prefix of ['', '/api']) {
      const answer = await fetch(server.url + prefix + path, {
        method,
        body: method === 'POST' ? '{}' : undefined,
      })
      const text = await answer.text()
      expect([prefix + path, answer.status]).toEqual([prefix + path, entry.status])
      if (entry.response === '') expect(text).toBe('')
      else expect(sameJson(readJson(text), entry.response)).toBe(true)
    }
  })
})

test('a body that is no JSON is a 500 in words', async () => {
  const answer = await post('/prompt', 'no json')
  expect([answer.status, await answer.text()]).toEqual([
    500,
    '500 Internal Server Error\n\nServer got itself in trouble',
  ])
})

test.skipIf(!cases.value_not_in_list_short)(
  'a choice that is not there names the node and input',
  async () => {
    for (const name of Object.keys(knownDifferences)) {
      if (lacking(cases[name]!).length) continue
      const answer = await post('/prompt', writeJson(cases[name]!.request))
      const body = readJson(await answer.text()) as JsonObject
      expect(answer.status).toBe(400)
      const expected = cases[name]!.response as {
        node_errors: Record<string, { errors: { type: string; message: string }[] }>
      }
      const [node, { errors }] = Object.entries(expected.node_errors)[0]!
      expect(body.node_errors).toMatchObject({
        [node]: { errors: [{ type: errors[0]!.type, message: errors[0]!.message }] },
      })
    }
  },
)

test('the queue and a finished run have the shapes that clients read', async () => {
  const prompt = {
    '1': { class_type: 'EmptyImage', inputs: { width: 8, height: 8, batch_size: 1, color: 0 } },
    '3': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
  }
  await post('/queue', '{"clear": true}')
  await post(
    '/prompt',
    writeJson({
      prompt,
      prompt_id: 'shape',
      client_id: 'c',
      extra_data: { api_key_comfy_org: 'x' },
    }),
  )
  const queued = (await jsonOf(await fetch(`${server.url}/queue`))).queue_pending[0]
  expect(queued.slice(1)).toEqual(['shape', prompt, { client_id: 'c' }, ['3']])
  expect(await jsonOf(await fetch(`${server.url}/prompt`))).toEqual({
    exec_info: { queue_remaining: 1 },
  })
  host.host.queue.pause(false)
  await until(() => host.host.run('shape')?.state === 'done')
  host.host.queue.pause(true)
  const item = (await jsonOf(await fetch(`${server.url}/history/shape`))).shape
  expect(item.prompt.slice(1)).toEqual(queued.slice(1))
  expect(item.status).toMatchObject({ status_str: 'success', completed: true })
  expect(item.status.messages.map((message: unknown[]) => message[0])).toEqual([
    'execution_start',
    'execution_cached',
    'execution_success',
  ])
  expect(Object.keys(await jsonOf(await fetch(`${server.url}/history?max_items=5`)))).toContain(
    'shape',
  )
  await post('/history', '{"delete": ["shape"]}')
  expect(await jsonOf(await fetch(`${server.url}/history/shape`))).toEqual({})
  expect(host.host.run('shape')).toBeDefined()
})
