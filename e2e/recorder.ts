// Stands between the app and the cloud and keeps every byte that the app sends: what a person at the
// router would see, if it were not encrypted.
import { request as ask, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Recorded {
  method: string
  path: string
  body: string
}

export interface Recorder {
  url: string
  requests: Recorded[]
  /** From now on nobody answers, as with the cable pulled. */
  cut(cut: boolean): void
  stop(): Promise<void>
}

export async function record(target: string): Promise<Recorder> {
  const requests: Recorded[] = []
  let dead = false
  const server = createServer((incoming, outgoing) => {
    if (dead) return void incoming.socket.destroy()
    const parts: Buffer[] = []
    incoming.on('data', (part: Buffer) => parts.push(part))
    incoming.on('end', () => {
      const body = Buffer.concat(parts)
      requests.push({
        method: incoming.method!,
        path: incoming.url!,
        body: body.toString(),
      })
      const { host, port } = new URL(target)
      const onward = ask(
        {
          host: '127.0.0.1',
          port,
          path: incoming.url,
          method: incoming.method,
          headers: { ...incoming.headers, host, 'content-length': body.length },
        },
        answer => {
          outgoing.writeHead(answer.statusCode!, answer.headers)
          answer.pipe(outgoing)
        },
      )
      onward.on('error', () => outgoing.destroy())
      onward.end(body)
    })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    cut(cut) {
      dead = cut
      if (cut) server.closeAllConnections()
    },
    stop: () => {
      server.closeAllConnections()
      return new Promise(done => server.close(() => done()))
    },
  }
}
