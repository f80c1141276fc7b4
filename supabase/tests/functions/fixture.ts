// The functions in this process, over a real PostgreSQL, the Stripe double and the mail sink. Auth is
// a key pair: tests make any token they like.
import { randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { makeClock } from '../../local/clock.ts'
import { type LocalDatabase, startDatabase } from '../../local/database.ts'
import { type Functions, startFunctions } from '../../local/functions.ts'
import { listen } from '../../local/listen.ts'
import { type ReceivedMail, startMailSink } from '../../local/mail-sink.ts'
import { type StripeDouble, startStripeDouble } from '../../local/stripe/double.ts'

export const dayMs = 86_400_000
const supabaseUrl = 'http://127.0.0.1:54321'
const functionsUrl = `${supabaseUrl}/functions/v1/account`
export const testSecrets = {
  STRIPE_WEBHOOK_SECRET: 'whsec_stripe_local',
  SEND_EMAIL_HOOK_SECRET: `v1,whsec_${Buffer.from('hook secret of the tests').toString('base64')}`,
  CRON_SECRET: 'cron secret of the tests',
}

export type SentMail = Omit<ReceivedMail, 'to'> & { to: string }

export interface Person {
  id: string
  email: string
  token: string
}

export interface Fixture {
  database: LocalDatabase
  stripe: StripeDouble
  /** Oldest first. */
  readonly mails: SentMail[]
  /** The functions' settings, to start them elsewhere. */
  env: Record<string, string>
  /** Lines that the functions logged. */
  logs: string[]
  /** While on, the mail provider answers with 500. */
  mailTrouble(on: boolean): void
  now(): number
  /** Moves the cloud's clock, and lets Stripe do what is due. */
  advance(ms: number): Promise<void>
  person(options?: { verified?: boolean }): Promise<Person>
  token(userId: string, claims?: TokenClaims): Promise<string>
  call(method: string, path: string, options?: CallOptions): Promise<Response>
  cron(task: string): Promise<Record<string, unknown>>
  /** Subscribes through Checkout, as a person does. @returns the subscription's id */
  subscribe(person: Person, planId?: string, card?: string): Promise<string>
  /** The functions once more, where Auth's keys are answered otherwise. */
  another(keys: () => Response | Promise<Response>): Functions
  stop(): Promise<void>
}

interface TokenClaims {
  expiresInS?: number
  signedInAgoS?: number
  role?: string
  issuer?: string
}

interface CallOptions {
  token?: string
  body?: unknown
  raw?: string
  headers?: Record<string, string>
}

export async function startFixture(): Promise<Fixture> {
  await using starting = new AsyncDisposableStack()
  const part = <T extends { stop(): Promise<void> }>(started: T) =>
    starting.adopt(started, ({ stop }) => stop())

  const logs: string[] = []
  const database = part(await startDatabase())
  const sink = part(await startMailSink('re_test'))
  const clock = await makeClock(database.sql, () => stripe.settle())
  // Where the double delivers, as if from outside.
  const door = part(await listen(request => functions.fetch(new Request(inside(request), request))))
  const stripe: StripeDouble = part(
    await startStripeDouble({
      webhookUrl: `${door.url}/stripe/webhook`,
      secret: testSecrets.STRIPE_WEBHOOK_SECRET,
      clock,
    }),
  )
  await database.sql`
    update public.plans set stripe_price_id = 'price_' || id || '_month' where id <> 'free'`
  const keys = await tokenKeys()
  const env = {
    ...testSecrets,
    SUPABASE_URL: supabaseUrl,
    DATABASE_URL: database.url,
    STRIPE_SECRET_KEY: stripe.apiKey,
    STRIPE_API_URL: stripe.url,
    RESEND_API_KEY: 're_test',
    RESEND_URL: sink.url,
    MAIL_FROM: 'ComfyRunner <account@comfyrunner.test>',
    APP_URL: 'https://app.test/account',
  }
  const begin = (keys: () => Response | Promise<Response>) =>
    startFunctions({
      env,
      now: clock.now,
      log: line => logs.push(line),
      fetch: async (input, init) =>
        String(input).endsWith('/.well-known/jwks.json') ? keys() : fetch(input, init),
    })
  const functions: Functions = part(begin(() => Response.json({ keys: [keys.jwk] })))

  const running = starting.move()
  const fixture: Fixture = {
    database,
    stripe,
    logs,
    env,
    get mails() {
      return sink.all().map(mail => ({ ...mail, to: mail.to[0]! }))
    },
    mailTrouble: on => sink.failNext(500, on ? Number.MAX_SAFE_INTEGER : 0),
    now: clock.now,
    advance: clock.advance,
    token: keys.token,
    another: begin,
    async person(options) {
      const email = `${randomUUID().slice(0, 8)}@example.test`
      const id = await database.addUser(email, options)
      return { id, email, token: await keys.token(id) }
    },
    call: (method, path, { token, body, raw, headers } = {}) =>
      functions.fetch(
        new Request(`${functionsUrl}${path}`, {
          method,
          body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
          headers: {
            ...(token && { authorization: `Bearer ${token}` }),
            ...(body !== undefined && { 'content-type': 'application/json' }),
            ...headers,
          },
        }),
      ),
    async cron(task) {
      const answer = await fixture.call('POST', `/cron/${task}`, { token: testSecrets.CRON_SECRET })
      return (await good(answer, task)) as Record<string, unknown>
    },
    async subscribe({ token }, planId = 'plus', card) {
      const answer = await fixture.call('POST', '/checkout', { token, body: { planId } })
      const { url } = (await good(answer, 'checkout')) as { url: string }
      const id = url.split('/').at(-1)!
      await stripe.completeCheckout(id, card)
      return String(stripe.account.checkouts.get(id)!.subscription)
    },
    stop: () => running.disposeAsync(),
  }
  return fixture
}

const inside = (request: Request): string => functionsUrl + new URL(request.url).pathname

async function good(answer: Response, what: string): Promise<unknown> {
  if (answer.status === 200) return answer.json()
  throw new Error(`${what}: ${answer.status} ${await answer.text()}`)
}

/** Signs what Supabase Auth would, and what it never would. */
async function tokenKeys() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const token = (userId: string, claims: TokenClaims = {}): Promise<string> => {
    const nowS = Math.floor(Date.now() / 1000)
    return new SignJWT({
      role: claims.role ?? 'authenticated',
      session_id: randomUUID(),
      amr: [{ method: 'password', timestamp: nowS - (claims.signedInAgoS ?? 0) }],
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'test' })
      .setSubject(userId)
      .setAudience('authenticated')
      .setIssuer(claims.issuer ?? `${supabaseUrl}/auth/v1`)
      .setIssuedAt(nowS)
      .setExpirationTime(nowS + (claims.expiresInS ?? 3600))
      .sign(privateKey)
  }
  return { jwk: { ...(await exportJWK(publicKey)), kid: 'test', alg: 'ES256', use: 'sig' }, token }
}
