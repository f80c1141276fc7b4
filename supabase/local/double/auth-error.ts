// Auth's errors, in the two forms that GoTrue speaks (by the request's X-Supabase-Api-Version).
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

export class AuthError extends Error {
  override name = 'AuthError'
  readonly status: ContentfulStatusCode
  readonly code: string
  /** More fields of the answer, such as `weak_password`. */
  readonly more: object
  constructor(status: ContentfulStatusCode, code: string, message: string, more: object = {}) {
    super(message)
    this.status = status
    this.code = code
    this.more = more
  }
}

const apiVersion = '2024-01-01'

export function authErrorResponse(c: Context, error: AuthError): Response {
  const { status, code, message, more } = error
  const modern = (c.req.header('x-supabase-api-version') ?? '') >= apiVersion
  if (modern) c.header('x-supabase-api-version', apiVersion)
  const body = modern
    ? { code, message, ...more }
    : { code: status, error_code: code, msg: message }
  return c.json(body, status)
}

/** An error for the person in the browser travels in the address, in query and fragment. */
export function errorRedirect(to: string, error: AuthError): string {
  const url = new URL(to)
  const fields = {
    error: error.status === 500 ? 'server_error' : 'access_denied',
    error_code: error.code,
    error_description: error.message,
  }
  for (const [key, value] of Object.entries(fields)) url.searchParams.set(key, value)
  url.hash = new URLSearchParams(fields).toString()
  return url.toString()
}

/** A request that the real service may well know and this double does not: never a quiet success. */
export class UnknownToDouble extends Error {
  override name = 'UnknownToDouble'
  constructor(what: string) {
    super(`supabase/local/double does not know ${what}. Teach it, or do not use it.`)
  }
}
