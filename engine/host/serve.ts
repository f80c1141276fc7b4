// The host behind one port: the page with its RPC, and the API of ComfyUI's server.
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { RPCHandler } from '@orpc/server/ws'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type WebSocket, WebSocketServer } from 'ws'
import { createRouter } from '../api/handlers.ts'
import { createApp } from './app.ts'
import { uploadLimitBytes } from './assets.ts'
import { comfyRoutes } from './comfy-server/index.ts'
import { comfySockets } from './comfy-server/ws.ts'
import type { Host } from './host.ts'
import { refusal } from './origin.ts'

/** A graph with notes and subgraphs is a megabyte; this is a bound, not a size to reach. */
const messageLimitBytes = 64 * 2 ** 20

export interface ServeOptions {
  listen: string
  /** 0 = any free one. */
  port: number
}

export interface Server {
  url: string
  port: number
  close(): Promise<void>
}

/** @throws Error when the port is taken, with what to do. */
export async function serve(host: Host, { listen, port }: ServeOptions): Promise<Server> {
  const rule = { listen }
  const page = createApp(host)
  const comfy = comfyRoutes(host)
  const app = new Hono()
  app.use(async ({ req }, next) => {
    const reason = refusal(req.raw.headers, rule)
    if (reason) return new Response(reason, { status: 403 })
    await next()
  })
  // `PUT /assets` counts as it writes; other bodies are read whole.
  app.post(
    '*',
    bodyLimit({
      maxSize: uploadLimitBytes,
      onError: () => new Response('The request is too large.', { status: 413 }),
    }),
  )
  app.route('/', comfy)
  app.notFound(({ req }) => page.fetch(req.raw))

  const server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  const rpc = new RPCHandler(createRouter(host))
  const comfyClients = comfySockets(host)
  const sockets = new WebSocketServer({ noServer: true, maxPayload: messageLimitBytes })
  server.on('upgrade', (request, socket, head) => {
    // From here on the socket is ours: a client that vanishes must not take the host along.
    socket.on('error', () => socket.destroy())
    const url = URL.parse(request.url ?? '/', 'http://localhost')
    if (!url) return refuse(socket, '400 Bad Request')
    const path = url.pathname.replace(/^\/api\//, '/')
    const reason = refusal(headersOf(request), rule)
    if (reason || (path !== '/rpc' && path !== '/ws'))
      return refuse(socket, reason ? '403 Forbidden' : '404 Not Found')
    sockets.handleUpgrade(request, socket, head, client => {
      if (path === '/rpc') void rpc.upgrade(client)
      else comfyClients.connect(client, url.searchParams.get('clientId') || undefined)
      keepAlive(client)
    })
  })

  const address = await listenOn(server, listen, port)
  host.system.ownPorts.add(address.port)
  const name = listen === '0.0.0.0' || listen === '::' ? '127.0.0.1' : listen
  return {
    url: `http://${name.includes(':') ? `[${name}]` : name}:${address.port}`,
    port: address.port,
    async close() {
      comfyClients.close()
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
      host.system.ownPorts.delete(address.port)
    },
  }
}

const pingEveryMs = 30_000

/** A page that went to sleep is let go, with its subscription. */
function keepAlive(client: WebSocket): void {
  let answered = true
  client.on('pong', () => {
    answered = true
  })
  const timer = setInterval(() => {
    if (!answered) return client.terminate()
    answered = false
    client.ping()
  }, pingEveryMs)
  client.on('close', () => clearInterval(timer))
  client.on('error', () => client.terminate())
}

const headersOf = ({ headers }: IncomingMessage): Headers =>
  new Headers(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    ),
  )

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

const listenProblems: Record<string, (listen: string, port: number) => string> = {
  EADDRINUSE: (_, port) =>
    `Port ${port} is taken, perhaps by ComfyUI or another ComfyRunner. Choose one with --port.`,
  EACCES: (_, port) =>
    `Port ${port} is reserved for the system. Choose one above 1023 with --port.`,
  EADDRNOTAVAIL: listen =>
    `This machine has no address ${listen}. Leave --listen out, or use 0.0.0.0 for every address.`,
  ENOTFOUND: listen =>
    `There is no address “${listen}”. Leave --listen out, or use 0.0.0.0 for every address.`,
}

function listenOn(
  server: ReturnType<typeof createServer>,
  listen: string,
  port: number,
): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new Error(listenProblems[error.code ?? '']?.(listen, port) ?? error.message, {
          cause: error,
        }),
      ),
    )
    server.listen(port, listen, () => resolve(server.address() as AddressInfo))
  })
}
