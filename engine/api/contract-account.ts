// The account's part of the contract. It exists only where a cloud is configured; the page never
// talks to the cloud itself, so tokens stay with the host.
import { oc } from '@orpc/contract'
import { z } from 'zod'

const text = z.string()
const id = z.string().min(1).max(200)
const timeMs = z.number().int()
const done = z.object({})
const email = z.string().max(320)
const password = z.string().min(1).max(1000)
const code = z.string().max(20)

export const plan = z.object({
  id,
  name: text,
  description: text,
  priceCents: z.number().int(),
  currency: text,
  interval: z.enum(['month', 'year']).nullable(),
  /** For good, not a month. null where the plan has a monthly allowance. */
  trialWorkflows: z.number().int().nullable(),
  /** null = without limit. */
  monthlyWorkflows: z.number().int().nullable(),
  storageBytes: z.number().int().nullable(),
  aiGenerations: z.number().int().nullable(),
  pastDueGraceDays: z.number().int(),
})
export type Plan = z.infer<typeof plan>

export const usage = z.object({
  kind: z.enum(['trial', 'subscription']),
  used: z.number().int(),
  /** null = without limit. */
  limit: z.number().int().nullable(),
  /** Done here and not yet reported. */
  pending: z.number().int(),
  periodStart: timeMs.nullable(),
  /** When the count begins anew; null for the trial. */
  periodEnd: timeMs.nullable(),
})
export type Usage = z.infer<typeof usage>

export const subscription = z.object({
  planId: id,
  /** Stripe's word: active, trialing, past_due, canceled, unpaid … */
  status: text,
  currentPeriodEnd: timeMs.nullable(),
  cancelAtPeriodEnd: z.boolean(),
  trialEnd: timeMs.nullable(),
  pastDueSince: timeMs.nullable(),
  /** Until when a past-due plan goes on. */
  graceEnds: timeMs.nullable(),
  amountCents: z.number().int(),
  currency: text,
})
export type Subscription = z.infer<typeof subscription>

export const invoice = z.object({
  id,
  number: text.nullable(),
  status: text,
  amountPaidCents: z.number().int(),
  amountRefundedCents: z.number().int(),
  currency: text,
  hostedUrl: text.nullable(),
  createdMs: timeMs,
})
export type Invoice = z.infer<typeof invoice>

export const device = z.object({
  id,
  name: text,
  createdMs: timeMs,
  lastSeenMs: timeMs,
  /** It may not count any more. */
  revoked: z.boolean(),
  /** The one that says this. */
  here: z.boolean(),
})

/** All that the cloud holds of a person, but for the workflows' own texts (`export` has those too). */
export const accountDetails = z.object({
  id,
  email: text,
  emailVerified: z.boolean(),
  displayName: text.nullable(),
  createdMs: timeMs,
  suspended: z.object({ sinceMs: timeMs, reason: text }).nullable(),
  /** `email`, `google`. */
  identities: z.array(text),
  plan,
  plans: z.array(plan),
  subscription: subscription.nullable(),
  usage,
  storage: z.object({
    usedBytes: z.number().int(),
    /** null = without limit. */
    limitBytes: z.number().int().nullable(),
    workflows: z.number().int(),
  }),
  mail: z.object({ productNews: z.boolean(), usageAlerts: z.boolean() }),
  deletion: z.object({ requestedMs: timeMs, eraseAfterMs: timeMs }).nullable(),
  invoices: z.array(invoice),
  devices: z.array(device),
})
export type AccountDetails = z.infer<typeof accountDetails>

export const account = z.object({
  /** A cloud is configured. Without one there is no account and no limit. */
  available: z.boolean(),
  state: z.enum(['signedOut', 'signedIn', 'expired']),
  /** Whether the cloud answered the last time it was asked; `why` says it in words. */
  reachable: z.boolean(),
  why: text.optional(),
  /** A mailbox that has still to be verified. */
  unverified: text.optional(),
  /** A sign-in is under way in the system's browser. */
  browser: z.boolean(),
  /** As last heard; kept while offline. */
  details: accountDetails.optional(),
  heardMs: timeMs.optional(),
})
export type Account = z.infer<typeof account>

export const cloudWorkflow = z.object({
  id,
  name: text,
  version: z.number().int(),
  sizeBytes: z.number().int(),
  updatedMs: timeMs,
  /** The link to it, where it is shared. */
  shareUrl: text.nullable(),
  /** The workflow here that it belongs to. */
  local: id.optional(),
})
export type CloudWorkflow = z.infer<typeof cloudWorkflow>

export const cloudVersion = z.object({
  version: z.number().int(),
  sizeBytes: z.number().int(),
  createdMs: timeMs,
  device: text.nullable(),
})
export type CloudVersion = z.infer<typeof cloudVersion>

/** The other side changed since this one was last saved or opened. */
export const conflict = z.object({
  version: z.number().int(),
  updatedMs: timeMs,
  device: text.nullable(),
})
export type Conflict = z.infer<typeof conflict>

const signedIn = z.object({ account })

export const accountContract = {
  state: oc.output(account),
  /** Asks the cloud anew, and reports what is not reported yet. */
  refresh: oc.output(account),

  signUp: oc.input(z.object({ email, password })).output(signedIn),
  /** The code of the verification mail; the link in it does the same. */
  verify: oc.input(z.object({ email, code })).output(signedIn),
  resendVerification: oc.input(z.object({ email })).output(done),
  signIn: oc.input(z.object({ email, password })).output(signedIn),
  /** The address for the system's browser; the state changes when the person comes back. */
  signInWithGoogle: oc.output(z.object({ url: text })),
  cancelBrowser: oc.output(done),
  requestReset: oc.input(z.object({ email })).output(done),
  reset: oc.input(z.object({ email, code, password })).output(signedIn),
  signOut: oc.input(z.object({ everywhere: z.boolean() })).output(done),

  rename: oc.input(z.object({ displayName: z.string().max(100) })).output(account),
  changeEmail: oc.input(z.object({ email })).output(done),
  /** Codes of the mails to the old and the new address, as they come. */
  confirmEmail: oc.input(z.object({ email, code })).output(account),
  changePassword: oc.input(z.object({ current: password, password })).output(done),
  changeMail: oc
    .input(z.object({ productNews: z.boolean(), usageAlerts: z.boolean() }))
    .output(account),

  /** A device that was lost: it gets no further allowance. */
  revokeDevice: oc.input(z.object({ id })).output(account),

  /** Stripe's pages, for the system's browser. */
  checkout: oc.input(z.object({ planId: id })).output(z.object({ url: text })),
  portal: oc
    .input(z.object({ flow: z.enum(['manage', 'cancel', 'update']) }))
    .output(z.object({ url: text })),

  /** With the password, or after signing in with Google anew. */
  requestDeletion: oc.input(z.object({ password: password.optional() })).output(account),
  cancelDeletion: oc.output(account),

  workflows: {
    list: oc.output(z.array(cloudWorkflow)),
    /** Uploads the draft of a workflow here; `onConflict` only after the person chose. */
    save: oc
      .input(z.object({ workflow: id, onConflict: z.enum(['ask', 'replace', 'copy']) }))
      .output(z.object({ saved: cloudWorkflow.optional(), conflict: conflict.optional() })),
    /** Makes, or brings up to date, a workflow here; answers its local id. */
    open: oc
      .input(z.object({ id, version: z.number().int().optional() }))
      .output(z.object({ workflow: id })),
    versions: oc.input(z.object({ id })).output(z.array(cloudVersion)),
    rename: oc.input(z.object({ id, name: z.string().min(1).max(200) })).output(done),
    remove: oc.input(z.object({ id })).output(done),
    share: oc.input(z.object({ id })).output(z.object({ url: text })),
    unshare: oc.input(z.object({ id })).output(done),
    /** A link that somebody sent. */
    openShared: oc
      .input(z.object({ link: z.string().max(2000) }))
      .output(z.object({ workflow: id })),
  },
}
