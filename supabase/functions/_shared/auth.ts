// Who is asking: the bearer token that Supabase Auth signed, checked against its published keys.
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose'
import { z } from 'zod'
import { Problem } from './problem.ts'

const claimsSchema = z.object({
  sub: z.uuid(),
  role: z.literal('authenticated'),
  email: z.string().optional(),
  session_id: z.string().optional(),
  aal: z.string().optional(),
  amr: z.array(z.object({ method: z.string(), timestamp: z.number() })).default([]),
})

export type Claims = z.output<typeof claimsSchema>

/** Devices' and servers' clocks are not the same. */
const clockToleranceSeconds = 30
const keysKeptMs = 10 * 60_000

/** Tokens are checked by the real clock, which is Auth's, also where tests move the cloud's. */
export function createAuth(given: { supabaseUrl: string; fetch: typeof fetch }) {
  const keys = createRemoteJWKSet(new URL(`${given.supabaseUrl}/auth/v1/.well-known/jwks.json`), {
    cacheMaxAge: keysKeptMs,
    timeoutDuration: 5000,
    [customFetch]: (url, options) => given.fetch(url, options as RequestInit),
  })

  /** @throws Problem 401: `signed_out`, `session_expired` or `bad_token` */
  return async function whoIs(authorization: string | undefined): Promise<Claims> {
    const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1]
    if (!token) throw unauthenticated('signed_out', 'Sign in to your ComfyRunner account first.')
    try {
      const { payload } = await jwtVerify(token, keys, {
        audience: 'authenticated',
        issuer: `${given.supabaseUrl}/auth/v1`,
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['exp', 'sub'],
      })
      return claimsSchema.parse(payload)
    } catch (error) {
      if (error instanceof errors.JWTExpired)
        throw unauthenticated('session_expired', 'Your session has ended. Sign in again.')
      if (keysUnreachable(error))
        throw new Problem(
          503,
          'unavailable',
          'Sign-in could not be checked. Try again in a moment.',
          { headers: { 'retry-after': '5' } },
        )
      throw unauthenticated('bad_token', 'This sign-in is not valid. Sign in again.')
    }
  }
}

/** Auth did not answer, or not with keys: that says nothing about the token. */
const keysUnreachable = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC') ||
  (error instanceof TypeError && error.message.includes('fetch'))

const unauthenticated = (code: string, words: string) =>
  new Problem(401, code, words, { headers: { 'www-authenticate': 'Bearer' } })

/** When the person last proved who they are, Unix ms; 0 when the token does not say. */
export const provedAt = (claims: Claims): number =>
  Math.max(0, ...claims.amr.map(({ timestamp }) => timestamp * 1000))

/** Compares secrets in a time that does not tell where they differ. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map(text => sha256(text)))
  return x!.every((byte, index) => byte === y![index])
}

const sha256 = async (text: string) =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
