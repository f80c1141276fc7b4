// Stripe's pages, for the system's browser. While one may be open, what changes there shows here.
import { z } from 'zod'
import { isSafeAddress } from '../host/network.ts'
import type { Cloud } from './cloud.ts'
import type { Session } from './session.ts'
import { readAnswer } from './words.ts'

const FOLLOW_EVERY_MS = 2_000
const FOLLOW_FOR_MS = 15 * 60_000

/** A page for the system's browser. */
const page = z.object({ url: z.string().refine(isSafeAddress) })

export interface Billing {
  checkout(planId: string): Promise<{ url: string }>
  portal(flow: 'manage' | 'cancel' | 'update'): Promise<{ url: string }>
}

/** @param refresh shows what else a change of the subscription changes */
export function billing(cloud: Cloud, session: Session, refresh: () => Promise<unknown>): Billing {
  const subscription = () => JSON.stringify(session.lastAnswer()?.details.subscription)
  const follow = follower(async () => {
    if (session.closed || !session.alive) return false
    const before = subscription()
    await session.asking(session.hear).catch(() => {})
    if (subscription() !== before) await refresh()
    return true
  })

  const visit = async (path: string, body: object) => {
    const answer = await session.asking(async () =>
      readAnswer(page, await cloud.call('POST', path, body)),
    )
    follow()
    return answer
  }

  return {
    checkout: planId => visit('/checkout', { planId }),
    portal: flow => visit('/portal', { flow }),
  }
}

/** @param look false when there is nothing to follow any more → looks for a while from every call on */
function follower(look: () => Promise<boolean>): () => void {
  let untilMs = 0
  let following = false
  const again = () => {
    setTimeout(async () => {
      following = Date.now() <= untilMs && (await look())
      if (following) again()
    }, FOLLOW_EVERY_MS).unref()
  }
  return () => {
    untilMs = Date.now() + FOLLOW_FOR_MS
    if (following) return
    following = true
    again()
  }
}
