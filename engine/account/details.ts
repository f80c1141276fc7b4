// The cloud's `my_account()` as the contract says it: times as milliseconds, everything checked.
import { z } from 'zod'
import { type AccountDetails, plan } from '../api/contract-account.ts'
import { readAnswer } from './account-error.ts'

const time = z.iso.datetime({ offset: true }).transform(text => Date.parse(text))
const maybe = <T extends z.ZodType>(type: T) => type.nullish().transform(value => value ?? null)
const count = z.coerce.number().int()

const cloudPlan = z.object({ ...plan.shape, leaseUnits: count, offlineGrace: count })

const cloudUsage = z.object({
  kind: z.enum(['trial', 'subscription']),
  used: count,
  limit: maybe(count),
  periodStart: maybe(time),
  periodEnd: maybe(time),
})
export type CloudUsage = z.infer<typeof cloudUsage>

export const readUsage = (value: unknown): CloudUsage => readAnswer(cloudUsage, value)

const answer = z.object({
  profile: z.object({
    id: z.string(),
    email: z.string(),
    emailVerified: z.boolean(),
    displayName: maybe(z.string()),
    createdAt: time,
    suspended: maybe(z.object({ since: time, reason: maybe(z.string()) })),
  }),
  plan: cloudPlan,
  plans: z.array(cloudPlan),
  subscription: maybe(
    z.object({
      status: z.string(),
      planId: z.string(),
      currentPeriodEnd: maybe(time),
      cancelAtPeriodEnd: z.boolean(),
      pastDueSince: maybe(time),
      graceEnds: maybe(time),
      trialEnd: maybe(time),
      amountCents: maybe(count),
      currency: maybe(z.string()),
    }),
  ),
  usage: cloudUsage,
  storage: z.object({ usedBytes: count, limitBytes: count.nullable(), workflows: count }),
  mail: z.object({ productNews: z.boolean(), usageAlerts: z.boolean() }),
  deletion: maybe(z.object({ requestedAt: time, eraseAfter: time })),
  identities: z.array(z.object({ provider: z.string() })),
  devices: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      createdAt: time,
      lastSeenAt: time,
      revokedAt: maybe(time),
    }),
  ),
  invoices: z.array(
    z.object({
      id: z.string(),
      number: maybe(z.string()),
      status: z.string(),
      amountPaidCents: count,
      amountRefundedCents: count,
      currency: z.string(),
      hostedUrl: maybe(z.string()),
      createdAt: time,
    }),
  ),
})

export interface CloudDetails {
  details: AccountDetails
  /** How many runs this device may hold in advance. */
  leaseUnits: number
}

/**
 * @param here the id of this device
 * @throws AccountError when the cloud is newer or older than this app understands
 */
export function readDetails(value: unknown, here: string): CloudDetails {
  const { profile, subscription, deletion, identities, invoices, devices, ...rest } = readAnswer(
    answer,
    value,
  )
  const { createdAt, suspended, ...person } = profile
  return {
    leaseUnits: rest.plan.leaseUnits,
    details: {
      ...rest,
      ...person,
      createdMs: createdAt,
      suspended: suspended && { sinceMs: suspended.since, reason: suspended.reason ?? '' },
      identities: identities.map(({ provider }) => provider),
      subscription: subscription && {
        ...subscription,
        amountCents: subscription.amountCents ?? 0,
        currency: subscription.currency ?? '',
      },
      usage: { ...rest.usage, pending: 0 },
      deletion: deletion && {
        requestedMs: deletion.requestedAt,
        eraseAfterMs: deletion.eraseAfter,
      },
      devices: devices.map(({ createdAt, lastSeenAt, revokedAt, ...device }) => ({
        ...device,
        createdMs: createdAt,
        lastSeenMs: lastSeenAt,
        revoked: revokedAt !== null,
        here: device.id === here,
      })),
      invoices: invoices.map(({ createdAt, ...invoice }) => ({ ...invoice, createdMs: createdAt })),
    },
  }
}
