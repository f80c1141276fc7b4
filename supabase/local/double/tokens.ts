// Access tokens: JWTs signed with ES256, checked by anyone through the published key.
import { createHash, randomUUID } from 'node:crypto'
import * as jose from 'jose'

export interface SigningKeys {
  /** The public half, as /.well-known/jwks.json lists it. */
  jwk: jose.JWK
  sign(claims: jose.JWTPayload, lifeSeconds: number): Promise<string>
  /** @throws jose.errors.JOSEError when the token is expired, altered or not ours. */
  verify(token: string): Promise<AccessClaims>
}

export interface AccessClaims extends jose.JWTPayload {
  sub: string
  role: 'authenticated'
  session_id: string
  amr: { method: string; timestamp: number }[]
}

/** A fresh private key in JWK form, for whoever keeps it. */
export async function generatePrivateKey(): Promise<jose.JWK> {
  const { privateKey } = await jose.generateKeyPair('ES256', { extractable: true })
  return { ...(await jose.exportJWK(privateKey)), kid: randomUUID(), alg: 'ES256', use: 'sig' }
}

export async function signingKeys(issuer: string, privateJwk: jose.JWK): Promise<SigningKeys> {
  const { d: _secret, ...jwk } = privateJwk
  const privateKey = await jose.importJWK(privateJwk, 'ES256')
  const publicKey = await jose.importJWK(jwk, 'ES256')
  return {
    jwk: { ...jwk, key_ops: ['verify'], ext: true },
    sign: (claims, lifeSeconds) =>
      new jose.SignJWT(claims)
        .setProtectedHeader({ alg: 'ES256', kid: jwk.kid, typ: 'JWT' })
        .setIssuedAt()
        .setIssuer(issuer)
        .setExpirationTime(`${lifeSeconds}s`)
        .sign(privateKey),
    async verify(token) {
      const { payload } = await jose.jwtVerify(token, publicKey, { issuer, algorithms: ['ES256'] })
      return payload as AccessClaims
    },
  }
}

/** What the database keeps of a mailed code, and what the mailed link carries. */
export const tokenHash = (email: string, code: string) =>
  createHash('sha224')
    .update(email + code)
    .digest('hex')

/** RFC 7636: whether the verifier belongs to the challenge that began the flow. */
export function matchesChallenge(verifier: string, challenge: string, method: string): boolean {
  if (method === 'plain') return verifier === challenge
  return createHash('sha256').update(verifier).digest('base64url') === challenge
}
