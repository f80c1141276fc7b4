// What the functions need from outside: settings, a clock, a way out. Nothing here knows Deno or Node.
import { z } from 'zod'
import { clientAddressPattern } from './client-address.ts'

const url = z.url().transform(text => text.replace(/\/+$/, ''))
const secret = z.string().min(8)

/** Settings of a deployment; docs/deploy.md says where each comes from. */
export const envSchema = z.object({
  SUPABASE_URL: url,
  DATABASE_URL: z.string().startsWith('postgres'),
  STRIPE_SECRET_KEY: secret,
  /** Only the local cloud: its Stripe double. */
  STRIPE_API_URL: url.optional(),
  STRIPE_WEBHOOK_SECRET: secret,
  RESEND_API_KEY: z.string().min(1),
  /** Only the local cloud: its mail sink. */
  RESEND_URL: url.optional(),
  /** `v1,whsec_…`, as Supabase shows it. */
  SEND_EMAIL_HOOK_SECRET: secret,
  CRON_SECRET: secret,
  /** Where mails lead: the site, or the app's own address. */
  APP_URL: z.string().min(1),
  /** Where Stripe leads back to, if not to our own page (GET /return). */
  RETURN_URL: url.optional(),
  /** Where the caller's network address stands; Cloudflare, before supabase.com, writes this header. */
  CLIENT_ADDRESS: z.string().regex(clientAddressPattern).default('cf-connecting-ip'),
  /** Who mails come from: an address of a domain that Resend has verified. */
  MAIL_FROM: z.string().min(3),
})

export type Env = z.output<typeof envSchema>

export interface Deps {
  env: Record<string, string | undefined>
  /** Unix ms */
  now?: () => number
  fetch?: typeof fetch
  /** One line of JSON a request, without personal data. */
  log?: (line: string) => void
}

/** @throws Error naming the settings that are missing or wrong, never their values */
export function readEnv(env: Deps['env']): Env {
  const result = envSchema.safeParse(env)
  if (result.success) return result.data
  const names = [...new Set(result.error.issues.map(issue => issue.path.join('.')))]
  throw new Error(
    `The account functions need other settings: ${names.join(', ')}. See docs/deploy.md.`,
  )
}
