// PKCE: a flow begins with a challenge and ends with a code that only its beginner can exchange.
import { randomUUID } from 'node:crypto'
import { AuthError } from './auth-error.ts'
import type { SignInMethod } from './sessions.ts'
import { matchesChallenge } from './tokens.ts'
import type { Sql } from './users.ts'

export interface Flow {
  id: string
  user_id: string | null
  auth_code: string | null
  code_challenge: string
  code_challenge_method: string
  authentication_method: SignInMethod
  created_at: Date
}

const flowLifeSeconds = 300

export async function beginFlow(
  sql: Sql,
  flow: {
    challenge: string
    method: string
    provider: string
    signIn: SignInMethod
    userId?: string
  },
): Promise<string> {
  const id = randomUUID()
  await sql`
    insert into auth.flow_state (id, user_id, code_challenge_method, code_challenge, provider_type,
      authentication_method, created_at, updated_at)
    values (${id}, ${flow.userId ?? null}, ${flow.method.toLowerCase()}, ${flow.challenge},
      ${flow.provider}, ${flow.signIn}, now(), now())`
  return id
}

export async function flowById(sql: Sql, id: string): Promise<Flow | undefined> {
  const [flow] = await sql<Flow[]>`select * from auth.flow_state where id = ${id}`
  return flow
}

/** The flow that asked for a mailed link: the user's newest of its kind without a code. */
export async function flowOfMail(sql: Sql, userId: string, signIn: SignInMethod): Promise<Flow> {
  const [flow] = await sql<Flow[]>`
    select * from auth.flow_state
    where user_id = ${userId} and authentication_method = ${signIn} and auth_code is null
    order by created_at desc limit 1`
  if (!flow) throw flowNotFound()
  return flow
}

/** The code for the return address. It lives as short as a flow does. */
export async function issueCode(sql: Sql, flow: Flow, userId: string): Promise<string> {
  const code = randomUUID()
  await sql`
    update auth.flow_state set auth_code = ${code}, user_id = ${userId}, auth_code_issued_at = now()
    where id = ${flow.id}`
  return code
}

/** Spends a code. @throws AuthError when it is unknown, old, or the verifier is another's. */
export async function spendCode(sql: Sql, code: string, verifier: string) {
  const [flow] = await sql<(Flow & { age: number })[]>`
    select *, extract(epoch from now() - auth_code_issued_at)::float8 as age
    from auth.flow_state where auth_code = ${code} for update`
  if (!flow) throw flowNotFound()
  if (flow.age > flowLifeSeconds)
    throw new AuthError(404, 'flow_state_expired', 'invalid flow state, flow state has expired')
  if (!matchesChallenge(verifier, flow.code_challenge, flow.code_challenge_method))
    throw new AuthError(
      400,
      'bad_code_verifier',
      'code challenge does not match previously saved code verifier',
    )
  await sql`delete from auth.flow_state where id = ${flow.id}`
  return flow
}

const flowNotFound = () =>
  new AuthError(404, 'flow_state_not_found', 'invalid flow state, no valid flow state found')
