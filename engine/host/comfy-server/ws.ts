// `/ws`: ComfyUI's messages about the runs that a client queued, in ComfyUI's order.
import { randomUUID } from 'node:crypto'
import type { WebSocket } from 'ws'
import { isObject, type JsonObject, readJson, writeJson } from '../../graph/json.ts'
import type { Preview } from '../../nodes/define.ts'
import { isEnd, type NodeReference, type RunEvent } from '../../run/events.ts'
import type { RunRow } from '../../store/runs.ts'
import type { Host } from '../host.ts'
import { failureMessage, interruptMessage } from './messages.ts'
import { remaining } from './prompt.ts'
import { features } from './system-stats.ts'

/** A client that does not read is let go before its messages fill the memory. */
const unreadLimitBytes = 64 * 2 ** 20

interface Client {
  socket: WebSocket
  /** Said `feature_flags` first: takes previews with metadata. */
  metadata: boolean
}

export interface ComfySockets {
  connect(socket: WebSocket, clientId: string | undefined): void
  close(): void
}

export function comfySockets(host: Host): ComfySockets {
  const clients = new Map<string, Client>()
  /** The node that runs: a client that connects again is told of it. */
  let executing: { run: RunRow; node: string } | undefined
  /** ComfyUI says `executed` before it says that the node is finished; our engine after. */
  let held: Extract<RunEvent, { type: 'done' }> | undefined

  const send = ({ socket }: Client, data: string | Uint8Array) => {
    if (socket.bufferedAmount > unreadLimitBytes) return socket.terminate()
    if (socket.readyState === socket.OPEN) socket.send(data)
  }
  const sendMessage = (client: Client | undefined, type: string, data: JsonObject) =>
    client && send(client, writeJson({ type, data }))
  const status = (): JsonObject => ({ status: { exec_info: { queue_remaining: remaining(host) } } })

  const stop = host.watch({
    queueChanged: () => {
      for (const client of clients.values()) sendMessage(client, 'status', status())
    },
    runStarted: run => {
      const client = clients.get(run.clientId ?? '')
      sendMessage(client, 'execution_start', { prompt_id: run.id, timestamp: Date.now() })
    },
    runEvent: (run, event) => {
      const client = clients.get(run.clientId ?? '')
      if (event.type === 'started') executing = { run, node: event.node }
      const waiting = held
      held = event.type === 'done' ? event : undefined
      const own = event.type === 'shown' && waiting?.node === event.node
      const order = own ? [event, waiting] : [waiting, event.type === 'done' ? undefined : event]
      for (const next of order)
        if (next && client)
          for (const [type, data] of messagesFor(run, next)) sendMessage(client, type, data)
      if (event.type === 'progress' && event.preview && client)
        send(client, previewFrame(run, event, event.preview, client.metadata))
      if (isEnd(event)) executing = undefined
    },
    runEnded: run => {
      const client = clients.get(run.clientId ?? '')
      sendMessage(client, 'executing', { node: null, prompt_id: run.id })
    },
  })

  return {
    connect(socket, clientId = randomUUID().replaceAll('-', '')) {
      const client: Client = { socket, metadata: false }
      clients.get(clientId)?.socket.close()
      clients.set(clientId, client)
      sendMessage(client, 'status', { ...status(), sid: clientId })
      if (executing?.run.clientId === clientId)
        sendMessage(client, 'executing', { node: executing.node, prompt_id: executing.run.id })
      socket.once('message', data => {
        if (!isFeatureFlags(String(data))) return
        client.metadata = true
        sendMessage(client, 'feature_flags', features)
      })
      socket.on('close', () => {
        if (clients.get(clientId) === client) clients.delete(clientId)
      })
      socket.on('error', () => socket.terminate())
    },
    close() {
      stop()
      for (const { socket } of clients.values()) socket.terminate()
    },
  }
}

function isFeatureFlags(text: string): boolean {
  try {
    const message = readJson(text)
    return isObject(message) && message.type === 'feature_flags'
  } catch {
    return false
  }
}

type Message = [type: string, data: JsonObject]

/** How ComfyUI names a node: of an expansion, also the node that it is shown as. */
const nodeIds = ({ node, display = node }: NodeReference) => ({
  node_id: node,
  display_node_id: display,
  parent_node_id: display === node ? null : display,
  real_node_id: node,
})

/** One event of ours as ComfyUI's messages; `progress_state` names only the node that changed. */
function messagesFor(run: RunRow, event: RunEvent): Message[] {
  const prompt_id = run.id
  const timestamp = Date.now()
  const state = (place: NodeReference, state: string, value: number, max: number): Message => [
    'progress_state',
    { prompt_id, nodes: { [place.node]: { value, max, state, prompt_id, ...nodeIds(place) } } },
  ]
  const named = ({ node, display = node }: NodeReference) => ({
    node,
    display_node: display,
    prompt_id,
  })
  switch (event.type) {
    case 'cached':
      return [['execution_cached', { nodes: event.nodes, prompt_id, timestamp }]]
    case 'started':
      return [state(event, 'running', 0, 1), ['executing', named(event)]]
    case 'progress':
      return [
        state(event, 'running', event.done, event.of),
        ['progress', { value: event.done, max: event.of, prompt_id, node: event.node }],
      ]
    case 'done':
      return [state(event, 'finished', 1, 1)]
    case 'shown': {
      const executed: Message = ['executed', { ...named(event), output: event.shown }]
      return event.cached ? [executed, state(event, 'finished', 1, 1)] : [executed]
    }
    case 'finished':
      return [['execution_success', { prompt_id, timestamp }]]
    case 'failed':
      return [['execution_error', { ...failureMessage(run.id, event), timestamp }]]
    case 'interrupted':
      return [['execution_interrupted', { ...interruptMessage(run.id, event), timestamp }]]
    case 'blocked':
      return []
  }
}

const previewFormats = { 'image/jpeg': 1, 'image/png': 2 } as const

/** Event 1: kind and format as uint32 BE, then the picture. Event 4: metadata in between. */
function previewFrame(
  run: Pick<RunRow, 'id'>,
  place: NodeReference,
  { mime, bytes }: Preview,
  withMetadata: boolean,
): Uint8Array {
  const head = Buffer.alloc(8)
  if (!withMetadata) {
    head.writeUInt32BE(1, 0)
    head.writeUInt32BE(previewFormats[mime], 4)
    return Buffer.concat([head, bytes])
  }
  const metadata = Buffer.from(
    JSON.stringify({ ...nodeIds(place), prompt_id: run.id, image_type: mime }),
  )
  head.writeUInt32BE(4, 0)
  head.writeUInt32BE(metadata.length, 4)
  return Buffer.concat([head, metadata, bytes])
}
