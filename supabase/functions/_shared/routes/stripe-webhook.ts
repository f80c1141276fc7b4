// What Stripe tells us. The event's id and its effects commit together; mails follow, and only then
// does the event count as processed. Until it does, Stripe delivers it again.
import { createRoute, z } from '@hono/zod-openapi'
import Stripe from 'stripe'
import type { Routes } from '../app.ts'
import { copiesFor, store } from '../billing.ts'
import { type Cloud, nameOf } from '../cloud.ts'
import { isConnectionLoss, twice } from '../database.ts'
import { Problem } from '../problem.ts'
import { json, problems } from '../responses.ts'
import { turns } from '../turns.ts'

const subtle = Stripe.createSubtleCryptoProvider()

/** More at once take longer all together: they wait for each other's connections and rows. */
const atOnce = 12

export const stripeWebhookRoutes: Routes = (app, cloud) => {
  const inTurn = turns(atOnce)
  app.openapi(
    createRoute({
      method: 'post',
      path: '/stripe/webhook',
      summary: 'For Stripe only: signed events',
      responses: {
        200: json(z.object({ received: z.boolean(), duplicate: z.boolean() }), 'Taken.'),
        ...problems(400, 503),
      },
    }),
    async context => {
      const event = await verified(cloud, context.req.raw)
      const first = await inTurn(() => receive(cloud, event))
      return context.json({ received: true, duplicate: !first }, 200)
    },
  )
}

async function verified(cloud: Cloud, request: Request): Promise<Stripe.Event> {
  try {
    return await cloud.stripe.webhooks.constructEventAsync(
      await request.text(),
      request.headers.get('stripe-signature') ?? '',
      cloud.env.STRIPE_WEBHOOK_SECRET,
      undefined,
      subtle,
      cloud.now(),
    )
  } catch (error) {
    if (
      error instanceof Stripe.errors.StripeSignatureVerificationError ||
      error instanceof SyntaxError
    )
      throw new Problem(400, 'bad_signature', 'This is not signed by Stripe.')
    throw error
  }
}

/** @returns false when the event was processed before */
async function receive(cloud: Cloud, event: Stripe.Event): Promise<boolean> {
  const { sql } = cloud
  const claim = {
    id: event.id,
    type: event.type,
    objectId: (event.data.object as { id?: string }).id ?? null,
    created: new Date(event.created * 1000),
  }
  try {
    const stored = await twice(async () => store(sql, await copiesFor(cloud, event), claim))
    if (!stored) return false
    for (const mail of stored.mails) await cloud.mailer.send(mail)
    if (!stored.finished)
      await twice(async () => void (await sql`select app.finish_stripe_event(${event.id})`))
    return true
  } catch (error) {
    if (!isConnectionLoss(error))
      await sql`select app.fail_stripe_event(
        ${claim.id}, ${claim.type}, ${claim.objectId}, ${claim.created}, ${nameOf(error)})`
    throw error
  }
}
