// Supabase Auth writes no mail itself: it asks here. Standard Webhooks signature.
// https://supabase.com/docs/guides/auth/auth-hooks/send-email-hook
import { createRoute, z } from '@hono/zod-openapi'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { Routes } from '../app.ts'
import type { Cloud } from '../cloud.ts'
import { type Mail, type MailContent, MailError } from '../mail.ts'
import { Problem } from '../problem.ts'
import { json, problems } from '../responses.ts'

const payloadSchema = z.object({
  user: z.object({ id: z.uuid(), email: z.string(), new_email: z.string().optional() }),
  email_data: z.object({
    token: z.string().default(''),
    token_hash: z.string().default(''),
    token_new: z.string().default(''),
    redirect_to: z.string().default(''),
    email_action_type: z.string(),
  }),
})

type Payload = z.output<typeof payloadSchema>

/** One mail to one address. */
interface Letter {
  mail: Mail
  to: string
}

export const mailHookRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/hooks/send-email',
      summary: 'For Supabase Auth only: mails to send',
      responses: { 200: json(z.object({}), 'Sent.'), ...problems(400, 401, 422, 502, 503) },
    }),
    async context => {
      const body = await context.req.text()
      const payload = verified(cloud, body, context.req.raw.headers)
      const id = context.req.header('webhook-id')!
      for (const { mail, to } of letters(cloud, id, payload)) await send(cloud, mail, to)
      return context.json({}, 200)
    },
  )
}

function verified(cloud: Cloud, body: string, headers: Headers): Payload {
  const secret = cloud.env.SEND_EMAIL_HOOK_SECRET.replace(/^v1,whsec_/, '')
  try {
    new Webhook(secret).verify(body, Object.fromEntries(headers))
  } catch (error) {
    if (error instanceof WebhookVerificationError)
      throw new Problem(401, 'bad_signature', 'This is not signed by Supabase Auth.')
    throw error
  }
  const payload = payloadSchema.safeParse(JSON.parse(body))
  if (payload.success) return payload.data
  throw new Problem(400, 'invalid_request', 'The hook sent something else than expected.')
}

async function send(cloud: Cloud, mail: Mail, to: string): Promise<void> {
  try {
    await cloud.mailer.send(mail, to)
  } catch (error) {
    if (error instanceof MailError)
      throw new Problem(
        502,
        'mail_unavailable',
        'The mail could not be sent. Try again in a moment.',
      )
    throw error
  }
}

/** Notices of a change that has happened, in words. */
const notices: Record<string, string> = {
  password_changed_notification: 'The password of your ComfyRunner account was changed.',
  email_changed_notification: 'The e-mail address of your ComfyRunner account was changed.',
  identity_linked_notification: 'A way to sign in was added to your ComfyRunner account.',
  identity_unlinked_notification: 'A way to sign in was removed from your ComfyRunner account.',
}

/**
 * @param id of the hook's call, the same when it is repeated: makes each mail go out once
 * @throws Problem 422 for a mail that we have no template for
 */
function letters(cloud: Cloud, id: string, { user, email_data: data }: Payload): Letter[] {
  const action = data.email_action_type
  const letter = (to: string, content: MailContent, which = 'one'): Letter => ({
    to,
    mail: { ...content, userId: user.id, key: `auth:${action}:${id}:${which}` },
  })
  const asking = { code: data.token, link: linkTo(cloud, data) }
  switch (action) {
    case 'signup':
      return [letter(user.email, { template: 'verify', ...asking })]
    case 'invite':
    case 'magiclink':
      return [letter(user.email, { template: 'sign-in-link', ...asking })]
    case 'recovery':
      return [letter(user.email, { template: 'reset', code: data.token })]
    case 'reauthentication':
      return [letter(user.email, { template: 'reauthenticate', code: data.token })]
    case 'email_change':
      return emailChange()
  }
  const what = notices[action]
  if (!what) throw new Problem(422, 'unknown_mail', `There is no mail for "${action}".`)
  return [letter(user.email, { template: 'security-notice', what })]

  /** With both addresses asked, `token` is the present one's code and `token_new` the new one's. */
  function emailChange(): Letter[] {
    const newEmail = user.new_email || user.email
    const content = (code: string, toNew: boolean): MailContent => ({
      template: 'change-email',
      code,
      newEmail,
      toNew,
    })
    if (!data.token_new) return [letter(newEmail, content(data.token, true))]
    return [
      letter(user.email, content(data.token, false), 'old'),
      letter(newEmail, content(data.token_new, true), 'new'),
    ]
  }
}

function linkTo(cloud: Cloud, data: Payload['email_data']): string {
  const query = new URLSearchParams({ token: data.token_hash, type: data.email_action_type })
  if (data.redirect_to) query.set('redirect_to', data.redirect_to)
  return `${cloud.env.SUPABASE_URL}/auth/v1/verify?${query}`
}
