// The way back from the system's browser to the app: a listener on this machine for one answer.
// https://www.rfc-editor.org/rfc/rfc8252#section-7.3
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const returnPath = '/account/return'

export interface Loopback {
  /** Where the browser is to be sent: `http://127.0.0.1:<port>/account/return`. */
  url: string
  /** The query it came back with; rejects when nobody came in time or `close` was called. */
  answer: Promise<URLSearchParams>
  close(): void
}

const page = (words: string) => `<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>ComfyRunner</title>
<style>:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;display:grid;
place-content:center;height:90vh;text-align:center}</style><h1>ComfyRunner</h1><p>${words}</p></html>`

export async function listenForReturn({ timeoutMs }: { timeoutMs: number }): Promise<Loopback> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
  // Whoever does not wait for it must not bring the host down.
  promise.catch(() => {})
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '/', 'http://127.0.0.1')
    // A page of another site may try every port: it can embed and fetch, but not be the browser's
    // own page. What names neither a code nor an error is no answer.
    const embedded = !['document', undefined].includes(request.headers['sec-fetch-dest'] as string)
    const query = url?.searchParams
    const answered = query?.has('code') || query?.has('error')
    const ours = request.method === 'GET' && url?.pathname === returnPath && answered && !embedded
    response.writeHead(ours ? 200 : 404, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    if (!ours) return response.end()
    const went = url.searchParams.has('error')
      ? 'The sign-in did not work. ComfyRunner says why.'
      : 'You are signed in. You can close this page and go back to ComfyRunner.'
    response.end(page(went), () => {
      resolve(url.searchParams)
      stop()
    })
  })
  const timer = setTimeout(() => close('Nobody came back from the browser.'), timeoutMs)
  const stop = () => {
    clearTimeout(timer)
    server.close()
    server.closeIdleConnections()
  }
  const close = (why: string) => {
    stop()
    reject(new Error(why))
  }
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', listening)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${returnPath}`,
    answer: promise,
    close: () => close('The sign-in was cancelled.'),
  }
}
