// Mails about the subscription. Amounts and dates are Stripe's.
import { Action, day, Frame, money, Words } from './frame.tsx'

interface Amount {
  amountCents: number
  currency: string
}

interface Plan {
  plan: string
  appUrl: string
}

export const SubscriptionStarted = (props: Plan & Amount & { renewsAt: string }) => (
  <Frame preview={`${props.plan} is active.`} title={`${props.plan} is active`}>
    <Words>
      Your new limits count from now on. The plan renews on {day(props.renewsAt)} for{' '}
      {money(props.amountCents, props.currency)}, until you cancel it in the account settings.
    </Words>
    <Action href={props.appUrl}>Open account</Action>
  </Frame>
)

export const SubscriptionEnded = (props: Plan) => (
  <Frame preview={`${props.plan} has ended.`} title={`${props.plan} has ended`}>
    <Words>
      Nothing more will be charged. Your workflows on this machine are untouched, and what is stored
      in your account stays there to open and to export.
    </Words>
    <Action href={props.appUrl}>See plans</Action>
  </Frame>
)

export const TrialEnding = (props: Plan & Amount & { endsAt: string }) => (
  <Frame
    preview={`The trial of ${props.plan} ends on ${day(props.endsAt)}.`}
    title={`Your trial of ${props.plan} ends on ${day(props.endsAt)}`}
  >
    <Words>
      From then on it costs {money(props.amountCents, props.currency)} a period. To stop, cancel
      before that day; nothing is charged then.
    </Words>
    <Action href={props.appUrl}>Open account</Action>
  </Frame>
)

export const PaymentFailed = (props: Plan & Amount & { nextAttemptAt: string | null }) => (
  <Frame preview="Your plan goes on for now." title="A payment did not go through">
    <Words>
      {money(props.amountCents, props.currency)} could not be charged to your card. Your plan goes
      on for now.{' '}
      {props.nextAttemptAt
        ? `The next attempt is on ${day(props.nextAttemptAt)}.`
        : 'There will be no further attempt: the plan ends unless you pay.'}
    </Words>
    <Action href={props.appUrl}>Update card</Action>
  </Frame>
)

export const Refunded = (props: Plan & Amount & { number: string | null }) => (
  <Frame
    preview={`${money(props.amountCents, props.currency)} is on its way.`}
    title="A refund is on its way"
  >
    <Words>
      {money(props.amountCents, props.currency)} goes back to the card you paid with
      {props.number ? ` (invoice ${props.number})` : ''}. Banks take five to ten days.
    </Words>
  </Frame>
)

export const PriceChange = (props: Plan & Amount & { oldAmountCents: number; from: string }) => (
  <Frame
    preview={`${props.plan} will cost ${money(props.amountCents, props.currency)}.`}
    title={`The price of ${props.plan} changes`}
  >
    <Words>
      From your first renewal on or after {day(props.from)}, {props.plan} costs{' '}
      {money(props.amountCents, props.currency)} instead of{' '}
      {money(props.oldAmountCents, props.currency)}. Until then you pay what you pay today.
    </Words>
    <Words>If that is not for you, cancel before then in the account settings.</Words>
    <Action href={props.appUrl}>Open account</Action>
  </Frame>
)
