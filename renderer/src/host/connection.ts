// The page's line to the host. Over a WebSocket in a browser, over a MessagePort that the preload
// hands over in Electron. It mends itself: calls made while the line is down wait for the next one.
import { type ClientLink, createORPCClient, DynamicLink } from '@orpc/client'
import { RPCLink as PortLink } from '@orpc/client/message-port'
import { RPCLink as SocketLink } from '@orpc/client/websocket'
import type { ContractRouterClient } from '@orpc/contract'
import { create } from 'zustand'
import type { Contract } from '../../../engine/api/contract.ts'

type Link = ClientLink<Record<never, never>>
export type Line = 'connecting' | 'open' | 'lost'

interface Connection {
  line: Line
  /** Counts the lines that were opened; a new one means: subscribe again. */
  opened: number
}

export const useConnection = create<Connection>(() => ({ line: 'connecting', opened: 0 }))

const firstRetryMs = 300
const lastRetryMs = 4000

let link: Promise<Link>
let provide: (link: Link) => void
const awaitLink = () => {
  link = new Promise(resolve => {
    provide = resolve
  })
}
awaitLink()

function opened(next: Link) {
  provide(next)
  useConnection.setState(state => ({ line: 'open', opened: state.opened + 1 }))
}

function lost() {
  if (useConnection.getState().line === 'open') awaitLink()
  useConnection.setState({ line: 'lost' })
}

function connectSocket(retryMs = firstRetryMs) {
  const url = new URL('/rpc', location.href)
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:'
  const websocket = new WebSocket(url)
  let wasOpen = false
  websocket.addEventListener('open', () => {
    wasOpen = true
    opened(new SocketLink({ websocket }))
  })
  websocket.addEventListener('close', () => {
    lost()
    const nextMs = wasOpen ? firstRetryMs : Math.min(retryMs * 1.6, lastRetryMs)
    setTimeout(() => connectSocket(nextMs), wasOpen ? firstRetryMs : retryMs)
  })
}

/** Each port that the preload posts replaces the one before. */
function listenForPort() {
  window.addEventListener('message', event => {
    const port = event.ports[0]
    if (event.source !== window || !port) return
    if (useConnection.getState().line === 'open') lost()
    port.addEventListener('close', () => lost())
    opened(new PortLink({ port }))
    port.start()
  })
}

/** Call once, before the first render: in Electron the port may come early. */
export function connect() {
  if (location.protocol.startsWith('http')) connectSocket()
  else listenForPort()
}

/** Everything the host can do, typed. Rejects when the line breaks during a call. */
export const host: ContractRouterClient<Contract> = createORPCClient(new DynamicLink(() => link))

/** What to tell people about a failed call. */
export const reason = (error: unknown): string =>
  useConnection.getState().line !== 'open'
    ? 'The engine is not answering. It is tried again by itself; nothing is lost.'
    : error instanceof Error && error.message
      ? error.message
      : 'The engine gave no reason.'
