// Mails about the account itself: welcome, usage, deletion.
import { Action, day, Frame, Words } from './frame.tsx'

interface App {
  appUrl: string
}

export const Welcome = ({ appUrl }: App) => (
  <Frame preview="Your account is ready." title="Your account is ready">
    <Words>
      ComfyRunner runs on your machine; the account adds plans, and a place for the workflows that
      you choose to save there. Nothing is uploaded by itself: only the number of runs is counted.
    </Words>
    <Action href={appUrl}>Open account</Action>
  </Frame>
)

export interface Quota {
  used: number
  limit: number
  /** Null for the trial, which does not start again. */
  resetsAt: string | null
}

const reset = ({ resetsAt }: Quota) =>
  resetsAt
    ? `The count starts again on ${day(resetsAt)}.`
    : 'The trial does not start again; a plan goes on from here.'

export const QuotaWarning = (props: App & Quota & { unsubscribe: string }) => (
  <Frame
    preview={`${props.used} of ${props.limit} runs used.`}
    title={`${props.used} of ${props.limit} runs used`}
    unsubscribe={props.unsubscribe}
  >
    <Words>{reset(props)}</Words>
    <Action href={props.appUrl}>See plans</Action>
  </Frame>
)

export const QuotaReached = (props: App & Quota & { unsubscribe: string }) => (
  <Frame
    preview={`All ${props.limit} runs are used.`}
    title={`All ${props.limit} runs are used`}
    unsubscribe={props.unsubscribe}
  >
    <Words>
      New runs wait; your workflows are untouched, and you can go on editing them. {reset(props)}
    </Words>
    <Action href={props.appUrl}>See plans</Action>
  </Frame>
)

export const DeletionScheduled = ({ appUrl, eraseAfter }: App & { eraseAfter: string }) => (
  <Frame
    preview={`Your account will be deleted on ${day(eraseAfter)}.`}
    title={`Your account will be deleted on ${day(eraseAfter)}`}
  >
    <Words>
      Until then you can keep it: sign in and press “Keep my account”. A running plan will not
      renew. What is on your machine stays there.
    </Words>
    <Action href={appUrl}>Keep my account</Action>
  </Frame>
)

export const DeletionReminder = ({ appUrl, eraseAfter }: App & { eraseAfter: string }) => (
  <Frame
    preview={`On ${day(eraseAfter)} your account will be gone.`}
    title={`On ${day(eraseAfter)} your account will be gone`}
  >
    <Words>
      Stored workflows, counts and settings will be erased and cannot be brought back. To keep or to
      export them, sign in before that day.
    </Words>
    <Action href={appUrl}>Keep my account</Action>
  </Frame>
)

export const DeletionDone = () => (
  <Frame preview="Your account is gone." title="Your account is gone">
    <Words>
      What we held about you has been erased; receipts stay, as the law has it, without your name. A
      plan, if there was one, has ended, and nothing more will be charged. This is the last mail.
    </Words>
  </Frame>
)
