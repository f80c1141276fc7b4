// How ComfyUI's server answers: lossless JSON, empty 200s, and aiohttp's plain 500.
import { type Json, readJson, writeJson } from '../../graph/json.ts'

export const json = (value: unknown, status = 200): Response =>
  new Response(writeJson(value), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })

export const empty = (status = 200): Response => new Response(null, { status })

/** What a client sees when its body is no JSON. */
export const serverError = (): Response =>
  new Response('500 Internal Server Error\n\nServer got itself in trouble', {
    status: 500,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
  })

/** The body as JSON, whatever content type it claims; nothing if it is not JSON. */
export async function bodyOf(request: Request): Promise<Json | undefined> {
  try {
    return readJson(await request.text())
  } catch {
    return undefined
  }
}
