// What a WebSocket client hears, against recordings of ComfyUI's own server.
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { RunEvent } from '../../run/events.ts'
import { jsonOf, smallPrompt, type TestHost, testHost, until } from '../fixtures/test-host.ts'
import { type Server, serve } from '../serve.ts'

// biome-ignore lint/suspicious/noExplicitAny: ComfyUI's messages, looked into by name
type Message = [type: string, data?: any, size?: number]
interface NodeState {
  node_id: string
  state: string
  value: number
  max: number
}
interface Trace {
  prompt: Record<string, unknown>
  extra: Record<string, unknown>
  messages: Message[]
}
const tracesFile = resolve(import.meta.dirname, '../../../../shared/comfyui/ws_traces.json')
const traces: Record<string, Trace> = existsSync(tracesFile)
  ? JSON.parse(readFileSync(tracesFile, 'utf8'))
  : {}

let host: TestHost
let server: Server
afterEach(async () => {
  await server?.close()
  await host?.end()
})

async function client(clientId: string, first?: string) {
  const socket = new WebSocket(`${server.url.replace('http', 'ws')}/ws?clientId=${clientId}`)
  const messages: Message[] = []
  socket.on('message', (data: Buffer, binary) => {
    if (binary) messages.push(['BINARY', data.subarray(0, 8).toString('hex'), data.length])
    else {
      const { type, data: said } = JSON.parse(String(data))
      messages.push([type, said])
    }
  })
  await until(() => messages.length > 0)
  if (first) socket.send(first)
  return { socket, messages, types: () => messages.map(([type]) => type) }
}

async function setUp(
  script: (say: (event: RunEvent) => void, signal: AbortSignal) => void | Promise<void>,
) {
  host = testHost((_, say, signal) => script(say, signal))
  server = await serve(host.host, { listen: '127.0.0.1', port: 0 })
  for (const name of ['tr_00001_.png', 'tr_00002_.png']) await host.picture('output', name)
}
const post = async (body: object, path = '/prompt') =>
  jsonOf(await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body) }))

/** The events of ours that lead to a recording. */
function eventsOf({ messages }: Trace): RunEvent[] {
  const events: RunEvent[] = []
  for (const [i, [type, data]] of messages.entries()) {
    if (type === 'execution_cached') events.push({ type: 'cached', nodes: data.nodes })
    if (type === 'executing' && data.node) {
      events.push({ type: 'started', node: data.node })
      // Everything of the node but its pictures, then `done`, then what it shows.
      const rest = messages.slice(i + 1)
      const end = rest.findIndex(
        ([type, data]) => type === 'executing' || (type === 'status' && data),
      )
      const own = rest.slice(0, end < 0 ? undefined : end)
      for (const [type, data] of own)
        if (type === 'progress') {
          const preview = own.some(([type]) => type === 'BINARY')
          events.push({
            type: 'progress',
            node: data.node,
            done: data.value,
            of: data.max,
            preview: preview ? { mime: 'image/jpeg', bytes: new Uint8Array(9) } : undefined,
          })
        }
      if (own.some(([type]) => type === 'execution_error')) continue
      events.push({ type: 'done', node: data.node, ms: 1 })
    }
    if (type === 'executed') {
      const cached = !messages.some(
        ([type, other]) => type === 'executing' && other.node === data.node,
      )
      const images = data.output.images?.filter(
        (image: { type: string }) => image.type === 'output',
      )
      events.push({
        type: 'shown',
        node: data.node,
        cached,
        shown: { ...data.output, images: images ?? [] },
      })
    }
  }
  return events
}

/** Types and nodes in order; a `progress_state` by what changed since the one before. */
function outline(messages: Message[], startAt: string): unknown[] {
  const from = messages.findIndex(([type]) => type === startAt)
  let before: Record<string, string> = {}
  return messages.slice(from).flatMap(([type, data]): unknown[] => {
    if (type === 'status') return [['status', data.status.exec_info.queue_remaining]]
    if (type === 'BINARY') return [['BINARY', data]]
    if (type !== 'progress_state') return [[type, data.node ?? data.nodes ?? null]]
    const states = Object.fromEntries(
      Object.values(data.nodes as Record<string, NodeState>).map(node => [
        node.node_id,
        `${node.state} ${node.value}/${node.max}`,
      ]),
    )
    const changed = Object.entries(states).filter(([node, state]) => before[node] !== state)
    before = { ...before, ...states }
    return [['progress_state', changed]]
  })
}

const ran = ['txt2img_tiny', 'txt2img_tiny_cached', 'txt2img_tiny_seed_changed']
describe.skipIf(Object.keys(traces).length === 0)('as ComfyUI says it', () => {
  test.each(ran)('%s', async name => {
    const trace = traces[name]!
    await setUp(say => {
      for (const event of eventsOf(trace)) say(event)
    })
    // The recording's models are not here: the run is queued past validation.
    const { messages, types } = await client('trace-client')
    host.host.submit({
      id: 'run',
      name: '',
      words: '',
      clientId: 'trace-client',
      extraData: '{}',
      pngInfo: '{}',
      prompt: JSON.stringify(trace.prompt),
      targets: ['9'],
    })
    await until(() => types().at(-1) === 'executing' && messages.at(-1)![1].node === null)
    const expected = outline(trace.messages, 'execution_start')
    expect(outline(messages, 'execution_start')).toEqual(expected)
  })
})

test('a client hears of its own prompts only, everybody of the queue', async () => {
  await setUp(say => {
    say({ type: 'cached', nodes: [] })
    say({ type: 'started', node: '1' })
    say({ type: 'done', node: '1', ms: 1 })
  })
  const mine = await client('mine')
  const other = await client('other')
  expect(mine.messages[0]).toEqual([
    'status',
    { status: { exec_info: { queue_remaining: 0 } }, sid: 'mine' },
  ])
  const { prompt_id } = await post({ prompt: smallPrompt(), client_id: 'mine' })
  await until(() =>
    mine.messages.some(([type, data]) => type === 'executing' && data.node === null),
  )
  expect(mine.messages.find(([type]) => type === 'execution_success')![1].prompt_id).toBe(prompt_id)
  await until(() => other.types().length >= 4)
  expect(new Set(other.types())).toEqual(new Set(['status']))
  mine.socket.close()
  other.socket.close()
})

test('an error tells node, words and type; then the queue goes on', async () => {
  await setUp(say => {
    say({ type: 'started', node: '2' })
    say({
      type: 'failed',
      code: 'node_failed',
      node: '2',
      nodeType: 'ImageInvert',
      message: 'No.',
      hint: 'Do.',
      exceptionType: 'Oops',
      executed: ['1'],
    })
  })
  const { messages, types } = await client('c')
  await post({ prompt: smallPrompt(), client_id: 'c', prompt_id: 'bad' }, '/api/prompt')
  await until(() => messages.at(-1)?.[0] === 'executing' && messages.at(-1)![1].node === null)
  expect(types().slice(-4)).toEqual(['executing', 'execution_error', 'status', 'executing'])
  expect(messages.find(([type]) => type === 'execution_error')![1]).toMatchObject({
    prompt_id: 'bad',
    node_id: '2',
    node_type: 'ImageInvert',
    executed: ['1'],
    exception_message: 'No. Do.',
    exception_type: 'Oops',
  })
  const history = await jsonOf(await fetch(`${server.url}/history/bad`))
  expect(history.bad.status).toMatchObject({ status_str: 'error', completed: false })
  expect(history.bad.status.messages.at(-1)[0]).toBe('execution_error')
})

test('interrupt ends the run; a client with features gets previews with their node', async () => {
  await setUp(async (say, signal) => {
    say({ type: 'started', node: '2' })
    say({
      type: 'progress',
      node: '2',
      done: 1,
      of: 9,
      preview: { mime: 'image/png', bytes: new Uint8Array([7]) },
    })
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    say({ type: 'interrupted', node: '2', executed: ['1'] })
  })
  const { messages, types } = await client('c', '{"type": "feature_flags", "data": {}}')
  await until(() => types().includes('feature_flags'))
  await post({ prompt: smallPrompt(), client_id: 'c', prompt_id: 'stop' })
  const frame = await until(() => messages.find(([type]) => type === 'BINARY'))
  expect(frame[1].slice(0, 8)).toBe('00000004')
  await fetch(`${server.url}/interrupt`, { method: 'POST', body: '{"prompt_id": "other"}' })
  expect(host.host.run('stop')!.state).toBe('running')
  await fetch(`${server.url}/interrupt`, { method: 'POST' })
  await until(() => types().includes('execution_interrupted'))
  await until(() => host.host.run('stop')!.state === 'interrupted')
})

test('a client that comes back is told what runs', async () => {
  let release = () => {}
  await setUp(async say => {
    say({ type: 'started', node: '2' })
    await new Promise<void>(resolve => {
      release = resolve
    })
  })
  const first = await client('c')
  await post({ prompt: smallPrompt(), client_id: 'c' })
  await until(() => first.types().includes('executing'))
  const second = await client('c')
  await until(() => second.types().includes('executing'))
  expect(second.messages.at(-1)![1].node).toBe('2')
  release()
})
