// The Send Email Hook: Auth writes no mail itself but asks our function to, with a Standard Webhooks
// signature. https://supabase.com/docs/guides/auth/auth-hooks/send-email-hook
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { AuthError } from './auth-error.ts'

export type EmailAction = 'signup' | 'recovery' | 'email_change' | 'reauthentication'

export interface EmailHookPayload {
  user: object
  email_data: {
    token: string
    /** For `email_change` this one goes to the new address; `token_hash_new` to the old one. */
    token_hash: string
    redirect_to: string
    email_action_type: EmailAction
    site_url: string
    token_new: string
    token_hash_new: string
  }
}

/** `v1,whsec_…`, as the hosted service shows it once. */
const secretBytes = (secret: string) => secret.replace(/^v1,whsec_/, '')

/**
 * A way to ask for mails through the hook at `url`.
 * It throws an AuthError when the function refuses or fails: no mail, so no success either.
 */
export function callEmailHook(
  call: (request: Request) => Response | Promise<Response>,
  url: string,
  secret: string,
) {
  return async (payload: EmailHookPayload): Promise<void> => {
    const body = JSON.stringify(payload)
    const id = randomUUID()
    const now = new Date()
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': new Webhook(secretBytes(secret)).sign(id, now, body),
    }
    const response = await call(new Request(url, { method: 'POST', headers, body }))
    if (response.ok) return
    const said = await response.text()
    const message = `Unexpected status code returned from hook: ${response.status} ${said}`
    throw new AuthError(500, 'unexpected_failure', message)
  }
}
