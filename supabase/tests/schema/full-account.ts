// An account with a row in every table and `mark` wherever a person can leave text.
import { randomUUID } from 'node:crypto'
import type { LocalDatabase } from '../../local/database.ts'
import { call, setPrices, stripeInvoice, subscribe } from './calls.ts'

export interface FullAccount {
  user: string
  device: string
  workflow: string
  token: string
  lease: string
}

export async function addFullAccount(db: LocalDatabase, mark: string): Promise<FullAccount> {
  const user = await db.addUser(`${mark}@people.example`)
  await setPrices(db)
  await call(db, user, 'update_profile', { display_name: `Name ${mark}` })
  await call(db, user, 'update_mail_preferences', { product_news: true })
  const { device, lease } = await runTwice(db, user, mark)
  await db.sql`update auth.users set email = ${`${mark}@moved.example`} where id = ${user}`
  const workflow = await saveTwice(db, user, device, mark)
  const token = await call(db, user, 'share_workflow', { id: workflow })
  await bill(db, user, mark)
  await call(db, user, 'usage_sync', { device, device_name: `Laptop ${mark}`, want: 5 })
  const key = `welcome:${user}:${mark}`
  const log = { person: user, template: 'verification', idempotency_key: key, provider_id: mark }
  await call(db, 'service', 'log_mail', log, 'app')
  await call(db, 'service', 'suspend', { person: user, reason: `Because of ${mark}` }, 'app')
  await call(db, 'service', 'unsuspend', { person: user }, 'app')
  await call(db, 'service', 'request_deletion', { person: user }, 'app')
  await call(db, user, 'cancel_deletion')
  return { user, device, workflow, token, lease }
}

async function runTwice(db: LocalDatabase, user: string, mark: string) {
  const device = randomUUID()
  const names = { device, device_name: `Laptop ${mark}` }
  const { lease } = await call(db, user, 'usage_sync', { ...names, want: 5 })
  const events = ['workflow', 'ai'].map(kind => ({
    id: randomUUID(),
    lease: lease.id,
    kind,
    occurredAt: new Date().toISOString(),
  }))
  await call(db, user, 'usage_sync', { ...names, events })
  return { device, lease: lease.id as string }
}

async function saveTwice(db: LocalDatabase, user: string, device: string, mark: string) {
  const document = (n: number) => JSON.stringify({ nodes: [], note: `${mark} ${n}` })
  const save = { name: `Workflow ${mark}`, device }
  const { id } = await call(db, user, 'save_workflow', { ...save, document: document(1) })
  const second = { ...save, id, base_version: 1, document: document(2) }
  await call(db, user, 'save_workflow', second)
  return id as string
}

async function bill(db: LocalDatabase, user: string, mark: string) {
  await subscribe(db, { user, id: `sub_${mark}`, more: { customer: `cus_${mark}` } })
  const invoice = stripeInvoice(user, {
    customer: `cus_${mark}`,
    hosted_invoice_url: `https://invoice.example/${mark}`,
    invoice_pdf: `https://invoice.example/${mark}.pdf`,
    parent: { subscription_details: { subscription: `sub_${mark}` } },
  })
  await call(db, 'service', 'apply_invoice', { invoice }, 'app')
  await call(db, 'service', 'apply_refund', { invoice: invoice.id, refunded_cents: 100 }, 'app')
}
