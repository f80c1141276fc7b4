// Parts of the OpenAPI document that routes share.
import { z } from '@hono/zod-openapi'
import { problemSchema } from './problem.ts'

export const json = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema } },
})

export const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: problemSchema } },
})

export const meanings = {
  400: 'The request is not understood.',
  401: 'Nobody is signed in, or the session has ended.',
  403: 'This account may not do that now.',
  404: 'There is no such thing.',
  409: 'It does not fit the present state.',
  413: 'Too much.',
  415: 'The body does not say that it is JSON.',
  422: 'Understood, but not possible.',
  429: 'Too often; Retry-After says when.',
  500: 'Something went wrong on our side.',
  502: 'The payment service did not answer.',
  503: 'Not available right now; Retry-After says when.',
} as const

/** Problem answers by status. */
export const problems = <S extends keyof typeof meanings>(...statuses: S[]) =>
  Object.fromEntries(statuses.map(status => [status, problem(meanings[status])])) as {
    [K in S]: ReturnType<typeof problem>
  }

export const linkSchema = z.object({ url: z.url() })
export const personOnly = [{ person: [] as string[] }]
