// Notices when most of a period's runs are used, and when all are.
import type { Mail } from './mail.ts'

export interface Usage {
  kind: 'trial' | 'subscription'
  periodStart: string
  periodEnd: string | null
  used: number
  limit: number | null
}

const warnAt = 0.8

/** @returns the notice that this state calls for; its key makes it go out once a period */
export function quotaMail(userId: string, usage: Usage): Mail | null {
  const { used, limit, kind, periodStart, periodEnd: resetsAt } = usage
  if (!limit || used < limit * warnAt) return null
  const template = used >= limit ? 'quota-reached' : 'quota-warning'
  // A larger plan within the period has limits of its own to tell of.
  const key = `${template}:${userId}:${kind}:${new Date(periodStart).toISOString()}:${limit}`
  return { template, userId, key, used, limit, resetsAt }
}
