// The whole account cloud on this machine, on one port: Auth, Data API and functions over a real
// PostgreSQL, with doubles of Stripe, Google and Resend beside it. For tests and `npm run cloud`.
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hono } from 'hono'
import type * as jose from 'jose'
import postgres from 'postgres'
import { type Clock, makeClock } from './clock.ts'
import { type LocalDatabase, startDatabase } from './database.ts'
import { authApp } from './double/auth.ts'
import { dataApp } from './double/data.ts'
import { callEmailHook } from './double/email-hook.ts'
import { requireKey } from './double/keys.ts'
import { authSettings } from './double/settings.ts'
import { generatePrivateKey, signingKeys } from './double/tokens.ts'
import { type Functions, startFunctions } from './functions.ts'
import { type GoogleDouble, startGoogle } from './google.ts'
import { listen } from './listen.ts'
import { type MailSink, startMailSink } from './mail-sink.ts'
import { type StripeDouble, startStripeDouble } from './stripe/double.ts'

export interface LocalCloud {
  /** SUPABASE_URL: /auth/v1, /rest/v1 and /functions/v1/account on one port. */
  url: string
  /** For the app: the role `anon`. */
  publishableKey: string
  /** For servers: the role `service_role`. */
  secretKey: string
  /** As `postgres`, the owner of our schemas. */
  databaseUrl: string
  database: LocalDatabase
  functionsUrl: string
  /** The functions' own settings, for tests that sign webhooks or run cron. */
  env: Record<string, string>
  stripe: StripeDouble
  mails: MailSink
  google: GoogleDouble
  clock: Clock
  stop(): Promise<void>
}

export interface CloudOptions {
  /** 0 or none: a free one. */
  port?: number
  /** Kept between starts; without one everything is gone after `stop`. */
  dataDir?: string
  /** Migrations through the Supabase CLI, as with a data folder. */
  throughCli?: boolean
  /** Takes the functions' log, which otherwise nobody reads. */
  log?: (line: string) => void
}

/** Keys of a cloud that only this machine reaches: no secrets, so they never change. */
export const localPublishableKey = 'sb_publishable_local_comfyrunner'
export const localSecretKey = 'sb_secret_local_comfyrunner'

export async function startCloud(options: CloudOptions = {}): Promise<LocalCloud> {
  // Whatever was started is stopped again, in reverse, at `stop` and when a later part fails.
  await using starting = new AsyncDisposableStack()
  const part = <T extends { stop(): Promise<void> }>(started: T) =>
    starting.adopt(started, ({ stop }) => stop())

  const { dataDir, throughCli, log = () => undefined } = options
  const database = part(await startDatabase({ dataDir, throughCli }))
  const app = new Hono()
  const { url } = part(await listen(request => app.fetch(request), options.port))
  const functionsUrl = `${url}/functions/v1/account`
  const authKey = await keptAuthKey(dataDir)
  const resendKey = `re_${random()}`
  const mails = part(await startMailSink(resendKey))
  const google = part(await startGoogle())
  const clock = await makeClock(database.sql, () => stripe.settle())
  const stripeSecret = `whsec_${random()}`
  const stripe: StripeDouble = part(
    await startStripeDouble({
      webhookUrl: `${functionsUrl}/stripe/webhook`,
      secret: stripeSecret,
      clock,
      keptIn: dataDir && join(dataDir, 'stripe.json'),
    }),
  )
  await sellPlans(database, stripe)
  const env = {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEY: localPublishableKey,
    SUPABASE_SECRET_KEY: localSecretKey,
    DATABASE_URL: database.url,
    STRIPE_SECRET_KEY: stripe.apiKey,
    STRIPE_API_URL: stripe.url,
    STRIPE_WEBHOOK_SECRET: stripeSecret,
    RESEND_API_KEY: resendKey,
    RESEND_URL: mails.url,
    MAIL_FROM: 'ComfyRunner <account@comfyrunner.test>',
    SEND_EMAIL_HOOK_SECRET: `v1,whsec_${random()}`,
    CRON_SECRET: random(),
    APP_URL: `${functionsUrl}/return`,
  }
  const functions = part(startFunctions({ env, now: clock.now, fetch, log }))
  await mountPlatform(app, { url, database, functions, google, env, authKey }, part)

  const running = starting.move()
  return {
    url,
    publishableKey: localPublishableKey,
    secretKey: localSecretKey,
    databaseUrl: database.url,
    database,
    functionsUrl,
    env,
    stripe,
    mails,
    google,
    clock,
    stop: () => running.disposeAsync(),
  }
}

/** What a deployment does once by hand (docs/deploy.md): plans name their prices at Stripe. */
async function sellPlans({ sql }: LocalDatabase, { account }: StripeDouble): Promise<void> {
  for (const price of account.prices.values())
    if (price.metadata.plan_id)
      await sql`update public.plans set stripe_price_id = ${price.id}
        where id = ${price.metadata.plan_id}`
}

interface Platform {
  url: string
  database: LocalDatabase
  functions: Functions
  google: GoogleDouble
  env: Record<string, string>
  authKey: jose.JWK
}

/** Puts Auth, Data API and functions under the paths that supabase.com has. */
async function mountPlatform(
  app: Hono,
  { url, database, functions, google, env, authKey }: Platform,
  part: (pool: { stop(): Promise<void> }) => unknown,
) {
  const pool = (user: string) => {
    const address = new URL(database.url)
    address.username = user
    const sql = postgres(address.toString(), { max: 8, onnotice: () => undefined })
    part({ stop: () => sql.end({ timeout: 1 }) })
    return sql
  }
  const authUrl = `${url}/auth/v1`
  const keys = await signingKeys(authUrl, authKey)
  const isSecret = (apikey: string | undefined) => apikey === env.SUPABASE_SECRET_KEY
  const auth = {
    sql: pool('supabase_auth_admin'),
    url: authUrl,
    settings: authSettings(`${url}/functions/v1/account/return`),
    keys,
    google: { issuer: google.url, clientId: google.clientId, clientSecret: google.clientSecret },
    sendEmail: callEmailHook(
      functions.fetch,
      `${url}/functions/v1/account/hooks/send-email`,
      env.SEND_EMAIL_HOOK_SECRET!,
    ),
  }
  app.use(requireKey([env.SUPABASE_PUBLISHABLE_KEY!, env.SUPABASE_SECRET_KEY!]))
  app.route('/auth/v1', authApp(auth, isSecret))
  app.route('/rest/v1', dataApp({ sql: pool('authenticator'), keys, isSecret }))
  app.all('/functions/v1/account/*', c => functions.fetch(c.req.raw))
  app.all('*', c => c.json({ message: `The local cloud has nothing at ${c.req.path}` }, 404))
}

/** Auth's signing key. It must outlive a restart, so that nobody is signed out by it. */
async function keptAuthKey(dataDir: string | undefined): Promise<jose.JWK> {
  const file = dataDir && join(dataDir, 'auth-key.json')
  if (file && existsSync(file)) return JSON.parse(readFileSync(file, 'utf8'))
  const key = await generatePrivateKey()
  if (file) writeFileSync(file, JSON.stringify(key), { mode: 0o600 })
  return key
}

const random = () => randomBytes(24).toString('base64')
