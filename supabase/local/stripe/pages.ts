// Hosted Checkout and Customer Portal, as small pages that a person or Chromium can click through.
import { type Context, Hono } from 'hono'
import { html, raw } from 'hono/html'
import type Stripe from 'stripe'
import type { StripeAccount } from './account.ts'

type Markup = ReturnType<typeof html>

const style = `
  :root { color-scheme: light dark; font: 15px/1.5 Inter, system-ui, sans-serif }
  body { max-width: 420px; margin: 10vh auto; padding: 0 20px }
  h1 { font-size: 20px } button { font: inherit; padding: 8px 14px; border-radius: 6px; cursor: pointer }
  input { font: inherit; padding: 8px; width: 100%; box-sizing: border-box; margin: 4px 0 12px }
  form { margin: 12px 0 } .note { opacity: .7; font-size: 13px } [role=alert] { color: #c33 }`

const document = (title: string, body: Markup) => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title}</title><style>${raw(style)}</style></head>
<body><h1>${title}</h1>${body}<p class="note">A stand-in for Stripe on this machine. No money moves.</p></body></html>`

export const money = (cents: number | null, currency: string): string =>
  new Intl.NumberFormat('en-US', { style: 'currency', currency }).format((cents ?? 0) / 100)

const day = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 10)

const button = (action: string, words: string, fields: Record<string, string> = {}) =>
  html`<form method="post" action="${action}">${Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<button>${words}</button></form>`

export function stripePages(account: StripeAccount): Hono {
  const pages = new Hono()
  const nameOf = (price: Stripe.Price) =>
    account.products.get(String(price.product))?.name ?? price.id
  const priceWords = (price: Stripe.Price) =>
    `${nameOf(price)}, ${money(price.unit_amount, price.currency)} a ${price.recurring?.interval}`

  const checkoutPage = (context: Context, problem?: string) => {
    const session = account.checkouts.get(context.req.param('id') ?? '')
    if (session?.status !== 'open')
      return context.html(
        document('This checkout is over', html`<p>Go back and start again.</p>`),
        404,
      )
    const price = account.prices.get(session.price)!
    return context.html(
      document(
        `Subscribe to ${nameOf(price)}`,
        html`<p>${priceWords(price)}${session.trialDays ? `, after ${session.trialDays} days free` : ''}</p>
          ${problem ? html`<p role="alert">${problem}</p>` : ''}
          <form method="post" action="/c/pay/${session.id}">
            <label>Card number<input name="card" value="4242 4242 4242 4242" autocomplete="off"></label>
            <button>Pay</button></form>
          <p class="note">4242 4242 4242 4242 pays, 4000 0000 0000 0341 fails at the next renewal,
            4000 0000 0000 0002 is declined.</p>
          ${session.cancel_url ? html`<a href="${session.cancel_url}">Back</a>` : ''}`,
      ),
    )
  }

  pages.get('/c/pay/:id', context => checkoutPage(context))
  pages.post('/c/pay/:id', async context => {
    const id = context.req.param('id')
    if (account.checkouts.get(id)?.status !== 'open') return checkoutPage(context)
    const card = String((await context.req.parseBody()).card ?? '')
    const session = account.payCheckout(id, card)
    if (!session) return checkoutPage(context, 'Your card was declined.')
    return context.redirect(session.success_url!.replaceAll('{CHECKOUT_SESSION_ID}', id), 303)
  })

  const portalPage = (session: Stripe.BillingPortal.Session) => {
    const base = `/p/session/${session.id}`
    const subscription = account
      .subscriptionsOf(session.customer)
      .find(one => one.status !== 'canceled')
    const item = subscription?.items.data[0]
    const others = [...account.prices.values()].filter(
      price => price.active && price.id !== item?.price.id,
    )
    const flow = session.flow?.type
    const bills = [...account.invoices.values()].filter(
      invoice => invoice.customer === session.customer,
    )
    return document(
      'Your plan',
      html`${
        subscription && item
          ? html`<p>${priceWords(item.price)}</p>
              <p>${subscription.cancel_at_period_end ? 'Ends' : 'Renews'} on ${day(item.current_period_end)}${subscription.status === 'past_due' ? '. The last payment failed.' : ''}</p>
              ${flow !== 'subscription_update' && !subscription.cancel_at_period_end ? button(`${base}/cancel`, 'Cancel plan') : ''}
              ${!flow && subscription.cancel_at_period_end ? button(`${base}/resume`, 'Resume') : ''}
              ${flow !== 'subscription_cancel' ? others.map(price => button(`${base}/change`, `Change plan to ${priceWords(price)}`, { price: price.id })) : ''}`
          : html`<p>No plan.</p>`
      }
        ${!flow || flow === 'payment_method_update' ? button(`${base}/pay`, 'Pay with a new card') : ''}
        ${
          bills.length && !flow
            ? html`<h2>Invoices</h2><ul>${bills.map(invoice => html`<li>${invoice.number}: ${money(invoice.total, invoice.currency)}, ${invoice.status}</li>`)}</ul>`
            : ''
        }
        ${session.return_url ? html`<a href="${session.return_url}">Return</a>` : ''}`,
    )
  }

  pages.get('/p/session/:id', context => {
    account.catchUp()
    const session = account.portals.get(context.req.param('id'))
    return session
      ? context.html(portalPage(session))
      : context.html(document('This page is over', html`<p>Go back and open it again.</p>`), 404)
  })

  pages.post('/p/session/:id/:action', async context => {
    account.catchUp()
    const session = account.portals.get(context.req.param('id'))
    if (!session) return context.notFound()
    const fields = await context.req.parseBody()
    const subscription = account
      .subscriptionsOf(session.customer)
      .find(one => one.status !== 'canceled')
    const price = account.prices.get(String(fields.price))
    const action = context.req.param('action')
    if (action === 'pay') account.payOpen(session.customer)
    else if (!subscription) return context.notFound()
    else if (action === 'cancel') account.cancelAtPeriodEnd(subscription, true)
    else if (action === 'resume') account.cancelAtPeriodEnd(subscription, false)
    else if (action === 'change' && price) account.changePlan(subscription, price, 'always_invoice')
    else return context.notFound()
    const after = session.flow?.after_completion.redirect?.return_url
    return context.redirect(after ?? `/p/session/${session.id}`, 303)
  })

  pages.get('/i/:id', context => {
    const invoice = account.invoices.get(context.req.param('id'))
    if (!invoice) return context.notFound()
    return context.html(
      document(
        `Invoice ${invoice.number}`,
        html`<p>${money(invoice.total, invoice.currency)}, ${invoice.status}, ${day(invoice.created)}</p>`,
      ),
    )
  })
  return pages
}
