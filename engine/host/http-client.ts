// The only door out of this machine. Every request is written to the ledger, and the offline switch
// stops them all before a connection is made.
import type { LedgerRow } from '../api/contract.ts'
import type { Store } from '../store/store.ts'

export interface HttpRequest {
  url: string
  /** In words for the ledger page: "look for ComfyUI on this machine". */
  purpose: string
  method?: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  signal?: AbortSignal
  timeoutMs?: number
  limitBytes?: number
  /** Takes a good answer's bytes as they come, instead of keeping them; more come when it is done. */
  onPart?: (part: Uint8Array) => void | Promise<void>
}

export interface HttpResponse {
  status: number
  headers: Headers
  bytes: Uint8Array
  text(): string
}

export class NetworkError extends Error {
  override name = 'NetworkError'
  readonly code: 'offline' | 'unreachable' | 'too_large'
  constructor(code: 'offline' | 'unreachable' | 'too_large', message: string) {
    super(message)
    this.code = code
  }
}

export type HttpClient = (request: HttpRequest) => Promise<HttpResponse>

const defaultTimeoutMs = 30_000
const answerLimitBytes = 64 * 2 ** 20

export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname)

/** What a browser may be sent to and a secret may travel to: https, or a server on this machine. */
export function isSafeAddress(text: string): boolean {
  const url = URL.parse(text)
  return url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname))
}

/** @param ledger where rows go · @param offline asked before every request */
export function createHttpClient(
  ledger: Pick<Store['ledger'], 'add'>,
  offline: () => boolean,
  onRow: (row: LedgerRow) => void = () => {},
): HttpClient {
  return async request => {
    const url = new URL(request.url)
    // What stays on this machine is listed, but it is not "sent".
    const local = isLoopback(url.hostname)
    const sent = { bytes: 0, refused: false, received: 0 }
    try {
      if (offline() && !local) {
        sent.refused = true
        throw new NetworkError(
          'offline',
          `Offline: ${url.host} was not contacted (${request.purpose}).`,
        )
      }
      const body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body
      sent.bytes = sizeOfRequest(url, request, body)
      return await send(url, request, body, bytes => {
        sent.received += bytes
      })
    } finally {
      const row = {
        timeMs: Date.now(),
        host: url.host,
        purpose: local ? `${request.purpose} (this machine)` : request.purpose,
        sentBytes: sent.bytes,
        receivedBytes: sent.received,
        refused: sent.refused,
      }
      ledger.add({ ...row, local })
      onRow(row)
    }
  }
}

async function send(
  url: URL,
  request: HttpRequest,
  body: Uint8Array | undefined,
  count: (bytes: number) => void,
): Promise<HttpResponse> {
  const timeout = AbortSignal.timeout(request.timeoutMs ?? defaultTimeoutMs)
  const limit = request.limitBytes ?? answerLimitBytes
  let response: Response
  const parts: Uint8Array[] = []
  let received = 0
  try {
    response = await fetch(url, {
      method: request.method ?? 'GET',
      headers: request.headers,
      body: body as Uint8Array<ArrayBuffer> | undefined,
      redirect: 'error',
      signal: request.signal ? AbortSignal.any([request.signal, timeout]) : timeout,
    })
    for await (const part of response.body ?? []) {
      count(part.length)
      received += part.length
      if (received > limit)
        throw new NetworkError('too_large', `${url.host} answered more than ${limit} bytes.`)
      if (request.onPart && response.ok) await request.onPart(part)
      else parts.push(part)
    }
  } catch (error) {
    if (error instanceof NetworkError || request.signal?.aborted) throw error
    const cause = (error as { cause?: Error }).cause ?? (error as Error)
    throw new NetworkError('unreachable', `${url.host} could not be reached: ${cause.message}`)
  }
  const bytes = Buffer.concat(parts)
  return { status: response.status, headers: response.headers, bytes, text: () => bytes.toString() }
}

/** Request line, headers and body, near enough: what the user is told was sent. */
function sizeOfRequest(url: URL, request: HttpRequest, body: Uint8Array | undefined): number {
  const headers = Object.entries(request.headers ?? {}).reduce(
    (sum, [name, value]) => sum + name.length + value.length + 4,
    0,
  )
  return url.href.length + 16 + headers + (body?.length ?? 0)
}
