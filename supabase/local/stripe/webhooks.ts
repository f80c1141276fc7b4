// Delivery of signed webhooks as Stripe does it: in parallel, in no promised order, again until the
// receiver says 2xx. For tests deliveries can be held, shuffled, repeated, spoiled or lost.
import Stripe from 'stripe'
import { newId } from './objects.ts'

export interface StripeEvent {
  id: string
  object: 'event'
  api_version: string
  created: number
  type: string
  livemode: false
  pending_webhooks: number
  request: { id: null; idempotency_key: null }
  data: { object: Record<string, unknown> & { id?: string } }
}

export interface DeliverOptions {
  badSignature?: boolean
  /** Unix ms written into the signature; Stripe's tolerance is five minutes. */
  signedAtMs?: number
}

/** Pauses before another attempt, ms. Stripe waits minutes to hours; nobody does that here. */
const retryMs = [50, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]
const atOnce = 16
const timeoutMs = 30_000

export type Webhooks = ReturnType<typeof createWebhooks>

export function createWebhooks(options: { url: () => string; secret: string; now: () => number }) {
  const stripe = new Stripe('sk_test_signing')
  const events: StripeEvent[] = []
  const held: StripeEvent[] = []
  const lost = new Set<string>()
  const failures: { event: string; status: number }[] = []
  const queue: StripeEvent[] = []
  let mode: 'deliver' | 'hold' | 'lose' = 'deliver'
  let running = 0
  let stopped = false
  const idle: (() => void)[] = []
  const pauses = new Set<{ timer: NodeJS.Timeout; wake: () => void }>()

  /** What is posted for an event, and its `Stripe-Signature`. */
  async function signed(event: StripeEvent, how: DeliverOptions = {}) {
    const payload = JSON.stringify(event, null, 2)
    const signature = await stripe.webhooks.generateTestHeaderStringAsync({
      payload,
      secret: how.badSignature ? 'whsec_somebody_else' : options.secret,
      timestamp: Math.floor((how.signedAtMs ?? options.now()) / 1000),
    })
    return { payload, signature }
  }

  /** One attempt. @returns HTTP status, 0 when nobody answered */
  async function deliver(event: StripeEvent, how: DeliverOptions = {}): Promise<number> {
    const { payload, signature } = await signed(event, how)
    try {
      const answer = await fetch(options.url(), {
        method: 'POST',
        body: payload,
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': signature,
        },
        signal: AbortSignal.timeout(timeoutMs),
      })
      await answer.arrayBuffer()
      return answer.status
    } catch {
      return 0
    }
  }

  async function deliverUntilTaken(event: StripeEvent): Promise<void> {
    for (const pauseMs of [...retryMs, null]) {
      const status = await deliver(event)
      if (status >= 200 && status < 300) {
        event.pending_webhooks = 0
        return
      }
      failures.push({ event: event.id, status })
      if (stopped || pauseMs === null) return
      await new Promise<void>(resolve => {
        const pause = { timer: setTimeout(done, pauseMs), wake: done }
        function done() {
          clearTimeout(pause.timer)
          pauses.delete(pause)
          resolve()
        }
        pauses.add(pause)
      })
      if (stopped) return
    }
  }

  function pump(): void {
    while (running < atOnce && queue.length && !stopped) {
      running += 1
      void deliverUntilTaken(queue.shift()!).finally(() => {
        running -= 1
        pump()
        if (!running && !queue.length) for (const wake of idle.splice(0)) wake()
      })
    }
  }

  function emit(type: string, object: object, created: number): StripeEvent {
    const event: StripeEvent = {
      id: newId('evt'),
      object: 'event',
      api_version: String(stripe.getApiField('version')),
      created,
      type,
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      data: { object: JSON.parse(JSON.stringify(object)) },
    }
    events.push(event)
    if (mode === 'hold') held.push(event)
    else if (mode === 'lose') lost.add(event.id)
    else {
      queue.push(event)
      pump()
    }
    return event
  }

  return {
    events,
    failures,
    emit,
    signed,
    deliver,
    /** What happened before a restart; what nobody has taken yet is delivered now. */
    resume(earlier: StripeEvent[]): void {
      events.unshift(...earlier)
      queue.push(...earlier.filter(event => event.pending_webhooks > 0))
      pump()
    },
    /** Nothing is sent until `release`. */
    hold: () => void (mode = 'hold'),
    /** Events happen but their webhooks never arrive, until `release`. */
    lose: () => void (mode = 'lose'),
    /** Sends what was held, in the order that `order` makes of it; from now on delivers at once. */
    async release(order: (events: StripeEvent[]) => StripeEvent[] = same => same): Promise<void> {
      mode = 'deliver'
      queue.push(...order(held.splice(0)))
      pump()
      await this.settled()
    },
    /** Resolves when every delivery was taken or given up. */
    settled: (): Promise<void> =>
      running || queue.length ? new Promise(resolve => idle.push(resolve)) : Promise.resolve(),
    async stop(): Promise<void> {
      stopped = true
      queue.length = 0
      for (const pause of [...pauses]) pause.wake()
      if (running) await new Promise<void>(resolve => idle.push(resolve))
    },
  }
}
