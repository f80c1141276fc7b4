// Sends mails through Resend, each once: a key of its own goes to Resend and into app.mail_log.
import { Resend } from 'resend'
import type { Sql } from './database.ts'
import type { Env } from './deps.ts'
import type { Quota } from './emails/account.tsx'
import { renderMail } from './emails/render.tsx'

interface About {
  /** Whom; null when there is only an address. */
  userId: string | null
  /** Never an address: it is kept. */
  key: string
}

interface Money {
  amountCents: number
  currency: string
}

interface Link {
  link: string
  code: string
}

/** Every mail there is. */
export type MailContent =
  | ({ template: 'verify' | 'sign-in-link' } & Link)
  // Codes for the app to ask for; a link would use them up in a browser.
  | { template: 'reset'; code: string }
  | { template: 'change-email'; code: string; newEmail: string; toNew: boolean }
  | { template: 'reauthenticate'; code: string }
  | { template: 'security-notice'; what: string }
  | { template: 'welcome' }
  | ({ template: 'subscription-started'; planId: string; renewsAt: string } & Money)
  | { template: 'subscription-ended'; planId: string }
  | ({ template: 'trial-ending'; planId: string; endsAt: string } & Money)
  | ({ template: 'payment-failed'; nextAttemptAt: string | null } & Money)
  | ({ template: 'refunded'; number: string | null } & Money)
  | ({ template: 'price-change'; planId: string; oldAmountCents: number; from: string } & Money)
  | ({ template: 'quota-warning' | 'quota-reached' } & Quota)
  | { template: 'deletion-scheduled' | 'deletion-reminder'; eraseAfter: string }
  | { template: 'deletion-done' }

export type Mail = About & MailContent

export type Template = MailContent['template']

/** Mails that a person can do without, and the switch in mail_preferences that stops them. */
export const optionalMails: Partial<Record<Template, 'usage_alerts'>> = {
  'quota-warning': 'usage_alerts',
  'quota-reached': 'usage_alerts',
}

export type Sent = 'sent' | 'already' | 'opted_out' | 'no_address'

export interface Mailer {
  /** @param to instead of the person's address in their profile · @throws MailError */
  send(mail: Mail, to?: string): Promise<Sent>
}

export class MailError extends Error {
  override name = 'MailError'
}

export function createMailer(given: { env: Env; sql: Sql }): Mailer {
  const { env, sql } = given
  const resend = new Resend(env.RESEND_API_KEY, env.RESEND_URL ? { baseUrl: env.RESEND_URL } : {})

  async function recipient(mail: Mail): Promise<{ email: string | null; wanted: boolean }> {
    if (!mail.userId) return { email: null, wanted: true }
    const [row] = await sql<{ email: string | null; usage_alerts: boolean | null }[]>`
      select p.email, m.usage_alerts from public.profiles p
      left join public.mail_preferences m on m.user_id = p.id where p.id = ${mail.userId}`
    const list = optionalMails[mail.template]
    return { email: row?.email ?? null, wanted: !list || (row?.[list] ?? true) }
  }

  async function planName(mail: Mail): Promise<string> {
    if (!('planId' in mail)) return 'ComfyRunner'
    const [plan] = await sql<
      { name: string }[]
    >`select name from public.plans where id = ${mail.planId}`
    return plan?.name ?? mail.planId
  }

  return {
    async send(mail, to) {
      const [log] = await sql<{ sent: boolean }[]>`select app.mail_was_sent(${mail.key}) as sent`
      if (log!.sent) return 'already'
      const { email, wanted } = await recipient(mail)
      if (!wanted) return 'opted_out'
      const address = to ?? email
      if (!address) return 'no_address'

      const list = optionalMails[mail.template]
      const unsubscribe = list && mail.userId ? await unsubscribeUrl(given, mail.userId, list) : ''
      const { key, userId, ...content } = mail
      const rendered = await renderMail(content, {
        appUrl: env.APP_URL,
        planName: await planName(mail),
        unsubscribeUrl: unsubscribe,
      })
      const { data, error } = await resend.emails.send(
        {
          from: env.MAIL_FROM,
          to: address,
          ...rendered,
          tags: [{ name: 'template', value: mail.template }],
          // RFC 8058: mail programs show a button that posts to the address.
          headers: unsubscribe
            ? {
                'List-Unsubscribe': `<${unsubscribe}>`,
                'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
              }
            : {},
        },
        { idempotencyKey: key },
      )
      // The key was used with other words: it went out before, and the note of it was lost.
      if (error && error.name !== 'invalid_idempotent_request')
        throw new MailError(`Resend did not take the mail "${mail.template}": ${error.name}.`)
      await sql`select app.log_mail(${userId}, ${mail.template}, ${key}, ${data?.id ?? null})`
      return 'sent'
    },
  }
}

/** Switches off one kind of mail for one person, without a sign-in, and nothing else. */
async function unsubscribeUrl({ env, sql }: { env: Env; sql: Sql }, userId: string, list: string) {
  const query = new URLSearchParams({
    person: userId,
    list,
    token: await unsubscribeToken(sql, userId, list),
  })
  return `${env.SUPABASE_URL}/functions/v1/account/unsubscribe?${query}`
}

export async function unsubscribeToken(sql: Sql, userId: string, list: string): Promise<string> {
  const [row] = await sql<{ token: string }[]>`
    select app.keyed_hash(${`unsubscribe:${list}:${userId}`}) as token`
  return row!.token
}
