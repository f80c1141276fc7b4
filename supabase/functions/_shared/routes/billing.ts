// To Checkout and to the Customer Portal: both answer an address for the system browser.
import { createRoute, z } from '@hono/zod-openapi'
import Stripe from 'stripe'
import type { Routes } from '../app.ts'
import { copySubscription, store } from '../billing.ts'
import type { Cloud } from '../cloud.ts'
import { customerOf, ensureCustomer, liveSubscriptions } from '../customer.ts'
import { signedIn } from '../guards.ts'
import { Problem } from '../problem.ts'
import { json, linkSchema, personOnly, problems } from '../responses.ts'

const billingRate = { calls: 20, windowS: 60 }

export const billingRoutes: Routes = (app, cloud) => {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/checkout',
      summary: 'Subscribe to a plan',
      description: 'Asking twice for the same plan leads to the same checkout: nobody pays twice.',
      security: personOnly,
      middleware: signedIn(cloud, { name: 'checkout', ...billingRate }),
      request: {
        body: {
          required: true,
          content: {
            'application/json': { schema: z.strictObject({ planId: z.string().min(1).max(40) }) },
          },
        },
      },
      responses: {
        200: json(linkSchema, 'Where to pay.'),
        ...problems(400, 401, 403, 404, 409, 429, 502, 503),
      },
    }),
    async context => {
      const userId = context.var.claims.sub
      const url = await checkout(cloud, userId, context.req.valid('json').planId)
      return context.json({ url }, 200)
    },
  )

  app.openapi(
    createRoute({
      method: 'post',
      path: '/portal',
      summary: 'Manage, change or cancel the plan',
      security: personOnly,
      middleware: signedIn(cloud, { name: 'portal', ...billingRate }),
      request: {
        body: {
          required: false,
          content: {
            'application/json': {
              schema: z.strictObject({
                flow: z.enum(['manage', 'cancel', 'update']).default('manage'),
              }),
            },
          },
        },
      },
      responses: {
        200: json(linkSchema, 'Where to do it.'),
        ...problems(400, 401, 404, 409, 429, 502, 503),
      },
    }),
    async context => {
      const { flow = 'manage' } = context.req.valid('json') ?? {}
      return context.json({ url: await portal(cloud, context.var.claims.sub, flow) }, 200)
    },
  )
}

/** Where Stripe's pages lead back to. */
const returnUrl = (cloud: Cloud, result: string): string =>
  `${cloud.env.RETURN_URL ?? `${cloud.url}/return`}?result=${result}`

async function checkout(cloud: Cloud, userId: string, planId: string): Promise<string> {
  const { sql, stripe } = cloud
  const [plan] = await sql<{ price: string | null }[]>`
    select stripe_price_id as price from public.plans where id = ${planId} and active`
  if (!plan?.price) throw new Problem(404, 'no_plan', 'There is no such plan to subscribe to.')
  const email = await payingAddress(cloud, userId)
  const customer = await ensureCustomer(cloud, userId, email)

  const [live] = await liveSubscriptions(stripe, customer)
  if (live) {
    // Its webhook may still be on its way; the app should see it now.
    await store(sql, await copySubscription(cloud, live.id))
    throw new Problem(
      409,
      'already_subscribed',
      'There is a plan already. Change it instead of adding a second one.',
    )
  }

  const { data: sessions } = await stripe.checkout.sessions.list({ customer, limit: 20 })
  const open = sessions.filter(session => session.status === 'open')
  const same = open.find(session => session.metadata?.price === plan.price && session.url)
  for (const other of open) if (other !== same) await stripe.checkout.sessions.expire(other.id)
  if (same) return same.url!

  const session = await stripe.checkout.sessions.create(
    {
      mode: 'subscription',
      customer,
      client_reference_id: userId,
      line_items: [{ price: plan.price, quantity: 1 }],
      success_url: returnUrl(cloud, 'subscribed'),
      cancel_url: returnUrl(cloud, 'left'),
      metadata: { user_id: userId, plan_id: planId, price: plan.price },
      subscription_data: { metadata: { user_id: userId, plan_id: planId } },
    },
    // Two requests at the same moment have seen the same newest session, and get the same new one.
    { idempotencyKey: `checkout:${customer}:${plan.price}:${sessions[0]?.id ?? 'first'}` },
  )
  return session.url!
}

/** @throws Problem where the account may not buy now */
async function payingAddress({ sql }: Cloud, userId: string): Promise<string> {
  const [person] = await sql<
    { email: string | null; verified: boolean; suspended: boolean; leaving: boolean }[]
  >`select p.email, p.email_verified_at is not null as verified,
      p.suspended_at is not null as suspended,
      exists (select from public.deletion_requests d
        where d.user_id = p.id and d.cancelled_at is null) as leaving
    from public.profiles p where p.id = ${userId}`
  if (!person) throw new Problem(401, 'signed_out', 'This account is gone.')
  if (person.suspended) throw new Problem(403, 'suspended', 'This account is suspended.')
  if (!person.verified || !person.email)
    throw new Problem(403, 'unverified', 'Confirm your e-mail address first.')
  if (person.leaving)
    throw new Problem(
      409,
      'deletion_pending',
      'This account is about to be deleted. Keep it first.',
    )
  return person.email
}

type Flow = 'manage' | 'cancel' | 'update'

async function portal(cloud: Cloud, userId: string, flow: Flow): Promise<string> {
  const { stripe } = cloud
  const customer = await customerOf(cloud, userId)
  if (!customer)
    throw new Problem(404, 'no_billing', 'There is nothing to manage: no plan was ever taken.')
  const back = returnUrl(cloud, flow === 'manage' ? 'back' : flow)
  try {
    const session = await stripe.billingPortal.sessions.create({
      customer,
      return_url: back,
      flow_data: flow === 'manage' ? undefined : await flowData(stripe, customer, flow, back),
    })
    return session.url
  } catch (error) {
    // Stripe's own words for a state that does not allow it, such as a plan that already ends.
    if (error instanceof Stripe.errors.StripeInvalidRequestError)
      throw new Problem(409, 'not_possible_now', 'That cannot be done with the plan as it is now.')
    throw error
  }
}

async function flowData(
  stripe: Stripe,
  customer: string,
  flow: Exclude<Flow, 'manage'>,
  back: string,
): Promise<Stripe.BillingPortal.SessionCreateParams.FlowData> {
  const [live] = await liveSubscriptions(stripe, customer)
  if (!live)
    throw new Problem(409, 'no_subscription', 'There is no plan to change. Subscribe first.')
  if (flow === 'cancel' && live.cancel_at_period_end)
    throw new Problem(409, 'already_ending', 'The plan already ends with its period.')
  const after_completion = { type: 'redirect', redirect: { return_url: back } } as const
  return flow === 'cancel'
    ? {
        type: 'subscription_cancel',
        subscription_cancel: { subscription: live.id },
        after_completion,
      }
    : {
        type: 'subscription_update',
        subscription_update: { subscription: live.id },
        after_completion,
      }
}
