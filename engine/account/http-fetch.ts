// `fetch` over the one door out of this machine, for libraries that want a `fetch`: every call is in
// the ledger and obeys the offline switch.
import type { HttpClient, HttpRequest } from '../host/http-client.ts'

export interface Bounds {
  limitBytes: number
  timeoutMs: number
}

/** `fetch`, which can also hand a good answer's bytes on as they come. */
export type HttpFetch = (
  input: string | URL | Request,
  init?: RequestInit & Pick<HttpRequest, 'onPart'>,
) => Promise<Response>

/** @param purposeOf words for the ledger, by what is asked · @param boundsOf how much and how long */
export const httpFetch =
  (
    client: HttpClient,
    purposeOf: (url: URL) => string,
    boundsOf: (url: URL) => Bounds,
  ): HttpFetch =>
  async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input)
    const answer = await client({
      url: url.href,
      purpose: purposeOf(url),
      method: init.method,
      headers: Object.fromEntries(new Headers(init.headers)),
      body: bodyOf(init.body),
      signal: init.signal ?? undefined,
      onPart: init.onPart,
      ...boundsOf(url),
    })
    // The body is decoded already; these would make a reader decode it again.
    const headers = new Headers(answer.headers)
    for (const name of ['content-encoding', 'content-length']) headers.delete(name)
    const empty = answer.status === 204 || answer.status === 304
    return new Response(empty ? null : Buffer.from(answer.bytes), {
      status: answer.status,
      headers,
    })
  }

function bodyOf(body: RequestInit['body']): string | Uint8Array | undefined {
  if (body === null || body === undefined) return undefined
  if (typeof body === 'string' || body instanceof Uint8Array) return body
  if (body instanceof URLSearchParams) return body.toString()
  throw new TypeError('Only texts and bytes are sent.')
}
