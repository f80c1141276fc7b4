// An HTTP server on 127.0.0.1 that stops at once when it is told to.
import type { Server } from 'node:http'
import { serve } from '@hono/node-server'

export interface Listening {
  url: string
  stop(): Promise<void>
}

type Handler = (request: Request) => Response | Promise<Response>

/** @throws Error when the port is taken. */
export function listen(handler: Handler, port = 0): Promise<Listening> {
  return new Promise((ready, failed) => {
    const options = { fetch: handler, port, hostname: '127.0.0.1' }
    const server = serve(options, info => {
      const stop = () =>
        new Promise<void>(done => {
          server.close(() => done())
          server.closeAllConnections()
        })
      ready({ url: `http://127.0.0.1:${info.port}`, stop })
    }) as Server
    server.once('error', failed)
  })
}
