// The Data API's errors: PostgREST's codes and its way from SQLSTATE to HTTP status.
// https://docs.postgrest.org/en/stable/references/errors.html
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import postgres from 'postgres'
import { UnknownToDouble } from './auth-error.ts'

export class DataError extends Error {
  override name = 'DataError'
  readonly status: ContentfulStatusCode
  readonly code: string
  readonly details: string | null
  constructor(status: ContentfulStatusCode, code: string, message: string, details?: string) {
    super(message)
    this.status = status
    this.code = code
    this.details = details ?? null
  }
}

export function dataErrorResponse(c: Context, error: unknown, role: string): Response {
  const { status, ...body } = describe(error, role)
  return c.json(body, status)
}

function describe(error: unknown, role: string) {
  const { message } = error as Error
  if (error instanceof DataError)
    return { status: error.status, code: error.code, details: error.details, hint: null, message }
  if (error instanceof UnknownToDouble)
    return { status: 501 as const, code: 'PGRST100', details: null, hint: null, message }
  if (error instanceof postgres.PostgresError)
    return {
      status: statusOf(error.code, role),
      code: error.code,
      details: error.detail ?? null,
      hint: error.hint ?? null,
      message,
    }
  // No database: what PostgREST says while it reconnects.
  return { status: 503 as const, code: 'PGRST001', details: message, hint: null, message }
}

function statusOf(code: string, role: string): ContentfulStatusCode {
  const raised = /^PT(\d{3})$/.exec(code)?.[1]
  if (raised) return Number(raised) as ContentfulStatusCode
  switch (code) {
    case '42501':
      return role === 'anon' ? 401 : 403
    case '23503':
    case '23505':
      return 409
    case '25006':
      return 405
    case '42883':
    case '42P01':
      return 404
    case '57014':
      return 500
  }
  if (code.startsWith('08') || code.startsWith('57P')) return 503
  if (/^(09|0L|0P|28)/.test(code)) return 403
  if (/^(25|2D|38|39|3B|40|53|54|55|58|F0|HV|XX)/.test(code)) return 500
  return 400
}
