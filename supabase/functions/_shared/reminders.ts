// Mails that no request brings about: welcome, used-up runs, the end of an account.
import type { Cloud } from './cloud.ts'
import { quotaMail, type Usage } from './usage.ts'

const atOnce = 500
const welcomeDays = 7

export interface Reminded {
  welcomed: number
  quotas: number
  deletions: number
}

export async function remind(cloud: Cloud): Promise<Reminded> {
  return {
    deletions: await remindOfDeletion(cloud),
    quotas: await noticeQuotas(cloud),
    welcomed: await welcome(cloud),
  }
}

async function remindOfDeletion(cloud: Cloud): Promise<number> {
  const { sql, tell } = cloud
  let reminded = 0
  const due = await sql<{ user_id: string; erase_after: Date }[]>`
    select user_id, erase_after from app.deletion_reminders_due(${new Date(cloud.now())})`
  for (const { user_id: userId, erase_after } of due) {
    const eraseAfter = erase_after.toISOString()
    const sent = await tell({
      template: 'deletion-reminder',
      userId,
      key: `deletion-reminder:${userId}:${eraseAfter}`,
      eraseAfter,
    })
    // One mailbox that takes no mail does not keep the others from theirs.
    if (sent === 'failed') continue
    await sql`update public.deletion_requests set reminded_at = app.now() where user_id = ${userId}`
    reminded += 1
  }
  return reminded
}

/** For devices that report through the Data API: usage/sync tells at once. */
async function noticeQuotas({ sql, tell }: Cloud): Promise<number> {
  const rows = await sql<{ user_id: string; usage: Usage }[]>`
    select p.user_id, app.account_of(p.user_id) -> 'usage' as usage
    from public.usage_periods p
    cross join lateral app.entitlement_of(p.user_id, app.now()) e
    where p.kind = e.kind and p.period_start = e.period_start and e.workflow_limit > 0
      and p.workflows >= 0.8 * e.workflow_limit
    order by p.user_id limit ${atOnce}`
  let sent = 0
  for (const { user_id, usage } of rows) {
    const mail = quotaMail(user_id, usage)
    if (mail && (await tell(mail)) === 'sent') sent += 1
  }
  return sent
}

async function welcome({ sql, tell }: Cloud): Promise<number> {
  const rows = await sql<{ id: string }[]>`
    select p.id from public.profiles p
    where p.email_verified_at > app.now() - make_interval(days => ${welcomeDays})
      and p.suspended_at is null and not app.mail_was_sent('welcome:' || p.id)
    order by p.email_verified_at limit ${atOnce}`
  let sent = 0
  for (const { id } of rows)
    if ((await tell({ template: 'welcome', userId: id, key: `welcome:${id}` })) === 'sent')
      sent += 1
  return sent
}
