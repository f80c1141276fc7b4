// Errors as RFC 9457 problem details: words for people, a code for programs.
import { z } from '@hono/zod-openapi'
import { HTTPException } from 'hono/http-exception'
import { isConnectionLoss, sqlRefusal } from './database.ts'

export const problemSchema = z
  .object({
    type: z.string().openapi({ example: 'urn:comfyrunner:problem:reauthenticate' }),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.string().openapi({ example: 'reauthenticate' }),
    requestId: z.string().optional(),
  })
  .openapi('Problem')

const titles: Record<number, string> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
  415: 'Not JSON',
  422: 'Not valid',
  429: 'Too many requests',
  500: 'Something went wrong',
  502: 'A service did not answer as expected',
  503: 'Not available right now',
}

/** Thrown by routes; becomes the answer. */
export class Problem extends Error {
  override name = 'Problem'
  readonly status: number
  readonly code: string
  readonly headers: Record<string, string>
  readonly more: Record<string, unknown>
  constructor(
    status: number,
    code: string,
    detail: string,
    given: { headers?: Record<string, string>; more?: Record<string, unknown> } = {},
  ) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = given.headers ?? {}
    this.more = given.more ?? {}
  }
}

/** Any error as a problem; what is unknown says nothing about our insides. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  // Hono's own: a body that is no JSON, or does not say that it is.
  if (error instanceof HTTPException && error.status === 415)
    return new Problem(
      415,
      'not_json',
      'Send JSON, with the header content-type: application/json.',
    )
  if (error instanceof HTTPException)
    return new Problem(error.status, 'invalid_request', 'The body is not JSON.')
  const refusal = sqlRefusal(error)
  if (refusal) {
    const { code = 'refused', ...more } = refusal.detail
    return new Problem(refusal.status, String(code), refusal.message, { more })
  }
  if (isConnectionLoss(error))
    return new Problem(
      503,
      'unavailable',
      'The account service is restarting. Try again in a moment.',
      {
        headers: { 'retry-after': '5' },
      },
    )
  if (error instanceof Error && 'type' in error && String(error.type).startsWith('Stripe'))
    return new Problem(
      502,
      'billing_unavailable',
      'The payment service did not answer. Try again in a moment.',
      {
        headers: { 'retry-after': '10' },
      },
    )
  return new Problem(500, 'internal', 'Something went wrong on our side. Try again in a moment.')
}

export function problemResponse(problem: Problem, requestId: string): Response {
  const body = {
    ...problem.more,
    type: `urn:comfyrunner:problem:${problem.code}`,
    title: titles[problem.status] ?? 'Error',
    status: problem.status,
    detail: problem.message,
    code: problem.code,
    requestId,
  }
  return new Response(JSON.stringify(body), {
    status: problem.status,
    headers: { 'content-type': 'application/problem+json', ...problem.headers },
  })
}
