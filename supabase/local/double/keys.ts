// The gate before Auth and Data API: no request without one of the project's keys.
import { createMiddleware } from 'hono/factory'

/** What browsers open from a mail or come back to, and public keys: these carry no key. */
const openPaths = /^\/auth\/v1\/(verify|authorize|callback|\.well-known\/jwks\.json)$/
const guardedPaths = /^\/(auth|rest)\/v1(\/|$)/

export const requireKey = (keys: string[]) =>
  createMiddleware(async (c, next) => {
    const { path } = c.req
    const open = openPaths.test(path) && c.req.method === 'GET'
    if (!guardedPaths.test(path) || open) return next()
    const key = c.req.header('apikey') ?? c.req.query('apikey')
    if (!key) return c.json({ message: 'No API key found in request' }, 401)
    if (!keys.includes(key)) return c.json({ message: 'Invalid API key' }, 401)
    return next()
  })
