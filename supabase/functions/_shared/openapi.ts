// The OpenAPI document: what the routes say of themselves, and what is true of all of them.
import type { App } from './app.ts'
import { meanings, problem } from './responses.ts'

const description = `Errors are problem details (RFC 9457): \`detail\` is for people, \`code\` for programs, \`requestId\` for support.
Calls are limited by person, or by network address where nobody is signed in: \`RateLimit-*\` says what is left of the window, \`Retry-After\` when to come back.
Sign in with Supabase Auth (\`/auth/v1\`) and send its access token as \`Authorization: Bearer …\`. No browser of another site may call: there is no CORS.`

const integer = (description: string) => ({ description, schema: { type: 'integer' as const } })
const rateHeaders = {
  'RateLimit-Limit': integer('Calls in a window.'),
  'RateLimit-Remaining': integer('Calls that are left of it.'),
  'RateLimit-Reset': integer('Seconds until the next window.'),
}
const retryHeader = { 'Retry-After': integer('Seconds to wait.') }

interface Operation {
  operationId?: string
  requestBody?: unknown
  responses: Record<string, { description: string; headers?: object }>
}

export function openApiDocument(app: App, url: string) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'ComfyRunner account', version: '1', description },
    servers: [{ url }],
  })
  for (const [path, methods] of Object.entries(document.paths ?? {}))
    for (const [method, operation] of Object.entries(methods as Record<string, Operation>)) {
      operation.operationId = nameOf(method, path)
      const everywhere = operation.requestBody ? ([413, 415, 500] as const) : ([500] as const)
      for (const status of everywhere) operation.responses[status] ??= said(status)
      const limited = '429' in operation.responses
      for (const [status, response] of Object.entries(operation.responses))
        response.headers = {
          ...(limited && rateHeaders),
          ...(['429', '503'].includes(status) && retryHeader),
        }
    }
  return document
}

const said = (status: keyof typeof meanings) => {
  const schema = { $ref: '#/components/schemas/Problem' }
  const { description } = problem(meanings[status])
  return { description, content: { 'application/problem+json': { schema } } }
}

/** `POST /account/usage/sync` → postUsageSync */
const nameOf = (method: string, path: string): string =>
  method +
  path
    .replace('/account/', '')
    .split(/\W+/)
    .filter(Boolean)
    .map(word => word[0]!.toUpperCase() + word.slice(1))
    .join('')
