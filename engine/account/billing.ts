// Stripe's pages, for the system's browser. While one may be open, what changes there shows here.
import { z } from 'zod'
import { isSafeAddress } from '../host/http-client.ts'
import { readAnswer } from './account-error.ts'
import type { Cloud } from './cloud.ts'
import type { Session } from './session.ts'

const pollEveryMs = 2_000
const pollForMs = 15 * 60_000

/** A page for the system's browser. */
const page = z.object({ url: z.string().refine(isSafeAddress) })

export interface Billing {
  checkout(planId: string): Promise<{ url: string }>
  portal(flow: 'manage' | 'cancel' | 'update'): Promise<{ url: string }>
}

/** @param refresh shows what else a change of the subscription changes */
export function billing(cloud: Cloud, session: Session, refresh: () => Promise<unknown>): Billing {
  const subscription = () => JSON.stringify(session.lastDetails()?.details.subscription)
  const startPolling = poller(async () => {
    if (session.closed || !session.alive) return false
    const before = subscription()
    await session.callCloud(session.fetchDetails).catch(() => {})
    if (subscription() !== before) await refresh()
    return true
  })

  const visit = async (path: string, body: object) => {
    const answer = await session.callCloud(async () =>
      readAnswer(page, await cloud.call('POST', path, body)),
    )
    startPolling()
    return answer
  }

  return {
    checkout: planId => visit('/checkout', { planId }),
    portal: flow => visit('/portal', { flow }),
  }
}

/** @param poll false when there is nothing to look for any more → polls for a while from every call on */
function poller(poll: () => Promise<boolean>): () => void {
  let untilMs = 0
  let polling = false
  const schedulePoll = () => {
    setTimeout(async () => {
      polling = Date.now() <= untilMs && (await poll())
      if (polling) schedulePoll()
    }, pollEveryMs).unref()
  }
  return () => {
    untilMs = Date.now() + pollForMs
    if (polling) return
    polling = true
    schedulePoll()
  }
}
