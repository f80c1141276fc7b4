// From a mail to what a mailbox gets: subject, HTML, text.
import { render, toPlainText } from '@react-email/components'
import type { ReactElement } from 'react'
import type { MailContent } from '../mail.ts'
import * as account from './account.tsx'
import * as billing from './billing.tsx'
import * as signIn from './sign-in.tsx'

export interface MailContext {
  appUrl: string
  /** The plan's name, where the mail is about one. */
  planName: string
  unsubscribeUrl: string
}

export interface RenderedMail {
  subject: string
  html: string
  text: string
}

export async function renderMail(mail: MailContent, context: MailContext): Promise<RenderedMail> {
  const { subject, body } = compose(mail, context)
  const html = await render(body)
  return { subject, html, text: toPlainText(html) }
}

function compose(
  mail: MailContent,
  { appUrl, planName: plan, unsubscribeUrl: unsubscribe }: MailContext,
): {
  subject: string
  body: ReactElement
} {
  switch (mail.template) {
    case 'verify':
      return { subject: 'Confirm your e-mail address', body: <signIn.Verify {...mail} /> }
    case 'sign-in-link':
      return { subject: 'Sign in to ComfyRunner', body: <signIn.SignInLink {...mail} /> }
    case 'reset':
      return { subject: 'Choose a new password', body: <signIn.Reset {...mail} /> }
    case 'change-email':
      return { subject: 'Confirm your new e-mail address', body: <signIn.ChangeEmail {...mail} /> }
    case 'reauthenticate':
      return { subject: 'Your ComfyRunner code', body: <signIn.Reauthenticate {...mail} /> }
    case 'security-notice':
      return {
        subject: 'A change to your ComfyRunner account',
        body: <signIn.SecurityNotice what={mail.what} appUrl={appUrl} />,
      }
    case 'welcome':
      return {
        subject: 'Your ComfyRunner account is ready',
        body: <account.Welcome appUrl={appUrl} />,
      }
    case 'subscription-started':
      return {
        subject: `ComfyRunner ${plan} is active`,
        body: <billing.SubscriptionStarted {...mail} plan={plan} appUrl={appUrl} />,
      }
    case 'subscription-ended':
      return {
        subject: `ComfyRunner ${plan} has ended`,
        body: <billing.SubscriptionEnded plan={plan} appUrl={appUrl} />,
      }
    case 'trial-ending':
      return {
        subject: `Your trial of ComfyRunner ${plan} ends soon`,
        body: <billing.TrialEnding {...mail} plan={plan} appUrl={appUrl} />,
      }
    case 'payment-failed':
      return {
        subject: 'A payment for ComfyRunner did not go through',
        body: <billing.PaymentFailed {...mail} plan={plan} appUrl={appUrl} />,
      }
    case 'refunded':
      return {
        subject: 'A refund from ComfyRunner',
        body: <billing.Refunded {...mail} plan={plan} appUrl={appUrl} />,
      }
    case 'price-change':
      return {
        subject: `The price of ComfyRunner ${plan} changes`,
        body: <billing.PriceChange {...mail} plan={plan} appUrl={appUrl} />,
      }
    case 'quota-warning':
      return {
        subject: `${mail.used} of ${mail.limit} runs used`,
        body: <account.QuotaWarning {...mail} appUrl={appUrl} unsubscribe={unsubscribe} />,
      }
    case 'quota-reached':
      return {
        subject: `All ${mail.limit} runs are used`,
        body: <account.QuotaReached {...mail} appUrl={appUrl} unsubscribe={unsubscribe} />,
      }
    case 'deletion-scheduled':
      return {
        subject: 'Your ComfyRunner account will be deleted',
        body: <account.DeletionScheduled {...mail} appUrl={appUrl} />,
      }
    case 'deletion-reminder':
      return {
        subject: 'Your ComfyRunner account will soon be gone',
        body: <account.DeletionReminder {...mail} appUrl={appUrl} />,
      }
    case 'deletion-done':
      return { subject: 'Your ComfyRunner account is gone', body: <account.DeletionDone /> }
  }
}
