// The end of an account, when its two weeks are over: Stripe first, then every row.
import { type Cloud, nameOf } from './cloud.ts'
import { customerOf, endBilling } from './customer.ts'

interface Due {
  user_id: string
  email: string | null
  erase_after: Date
}

export async function eraseDue(cloud: Cloud): Promise<{ erased: number; failed: number }> {
  const done = { erased: 0, failed: 0 }
  const due = await cloud.sql<Due[]>`select * from app.deletions_due(${new Date(cloud.now())})`
  for (const { user_id, email } of due) {
    try {
      const customer = await customerOf(cloud, user_id)
      if (customer) await endBilling(cloud.stripe, customer)
      // Takes the row of auth.users along, and with it every session.
      await cloud.sql`select app.erase_user(${user_id})`
      done.erased += 1
    } catch (error) {
      // One account's trouble is not the others'. It is tried again at the next run.
      cloud.log({ event: 'erase_failed', error: nameOf(error) })
      done.failed += 1
      continue
    }
    // The only thing that is still known of them is in this function's memory.
    if (email)
      await cloud.tell(
        { template: 'deletion-done', userId: null, key: `deletion-done:${crypto.randomUUID()}` },
        email,
      )
  }
  return done
}
