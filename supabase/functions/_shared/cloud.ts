// What every route works with, made once.
import type Stripe from 'stripe'
import { type Claims, createAuth } from './auth.ts'
import { clientAddress } from './client-address.ts'
import { openDatabase, type Sql } from './database.ts'
import { type Deps, type Env, readEnv } from './deps.ts'
import { createMailer, type Mail, type Mailer, type Sent } from './mail.ts'
import { openStripe } from './stripe.ts'

export interface Cloud {
  env: Env
  /** The cloud's clock, Unix ms. */
  now: () => number
  sql: Sql
  stripe: Stripe
  mailer: Mailer
  whoIs: (authorization: string | undefined) => Promise<Claims>
  /** Where a request comes from; all that the platform does not say share one place. */
  addressOf: (headers: Headers) => string
  /** Where these functions are reached from outside. */
  url: string
  log: (entry: Record<string, unknown>) => void
  /** Sends what must not hold up the answer; failures are logged, and cron tries again. */
  tell: (mail: Mail, to?: string) => Promise<Sent | 'failed'>
}

export function makeCloud(deps: Deps): Cloud {
  const env = readEnv(deps.env)
  const fetcher = deps.fetch ?? fetch
  const write = deps.log ?? (line => console.log(line))
  const log = (entry: Record<string, unknown>) => write(JSON.stringify(entry))
  const sql = openDatabase(env.DATABASE_URL)
  let missedAddress = false
  const mailer = createMailer({ env, sql })
  return {
    env,
    now: deps.now ?? Date.now,
    sql,
    stripe: openStripe(env, fetcher),
    mailer,
    whoIs: createAuth({ supabaseUrl: env.SUPABASE_URL, fetch: fetcher }),
    addressOf(headers) {
      const address = clientAddress(headers, env.CLIENT_ADDRESS)
      if (!address && !missedAddress) log({ event: 'no_client_address', from: env.CLIENT_ADDRESS })
      missedAddress ||= !address
      return address ?? 'unknown'
    },
    url: `${env.SUPABASE_URL}/functions/v1/account`,
    log,
    async tell(mail, to) {
      try {
        return await mailer.send(mail, to)
      } catch (error) {
        log({ event: 'mail_failed', template: mail.template, error: nameOf(error) })
        return 'failed'
      }
    },
  }
}

/** What may be written of an error: its class and code, not its words. */
export const nameOf = (error: unknown): string =>
  error instanceof Error
    ? [error.name, 'code' in error ? error.code : null].filter(Boolean).join(' ')
    : typeof error
