// What the tables and columns of an export mean, in plain words. A test wants words for every column
// that app.export_user gives out.

export const tableWords: Record<string, string> = {
  profiles: 'Your profile.',
  mail_preferences: 'Which optional mails you want.',
  billing_customers: 'Your customer number at Stripe, who takes the payments.',
  subscriptions: 'Your plans, present and past.',
  invoices: 'Your receipts.',
  devices: 'The machines on which you signed in.',
  usage_periods: 'How many runs were counted, by period.',
  usage_leases: 'Runs that a machine may make before it reports.',
  usage_events: 'One row a run: that it happened, never what it was.',
  trial_moves: 'Trial runs that stay with an address you had before.',
  stored_workflows: 'The workflows that you saved to your account.',
  workflow_versions: 'Every kept version of them. The documents are in the folder workflows/.',
  audit_log: 'What was done to your account, and when.',
  deletion_requests: 'Whether you asked for the account to be deleted.',
  mail_log: 'Which mails were sent to you.',
}

/** By column; `table.column` where one table means something of its own. */
const columnMeanings: Record<string, string> = {
  id: 'Number of the row.',
  user_id: 'Your account.',
  'profiles.id': 'Your account.',
  'subscriptions.id': 'The subscription at Stripe.',
  'invoices.id': 'The invoice at Stripe.',
  'devices.id': 'Number that the machine gave itself.',
  'usage_events.id': 'Number that the machine gave the run, so that it counts once.',
  email: 'Your e-mail address.',
  email_verified_at: 'When you confirmed the address.',
  display_name: 'The name you gave yourself.',
  suspended_at: 'When the account was suspended, if it is.',
  suspended_reason: 'Why it was suspended.',
  created_at: 'When it was made.',
  updated_at: 'When it was last changed.',
  product_news: 'Whether you want news about the product.',
  usage_alerts: 'Whether you want notices about used-up runs.',
  stripe_customer_id: 'Your customer number at Stripe.',
  plan_id: 'The plan.',
  status: 'State, in Stripe’s words.',
  price_id: 'The price at Stripe.',
  amount_cents: 'What it costs a period, in hundredths.',
  currency: 'Currency.',
  interval: 'How often it renews.',
  current_period_start: 'Start of the present period.',
  current_period_end: 'End of the present period.',
  cancel_at_period_end: 'Whether it ends with the period.',
  trial_end: 'End of the free trial, if there is one.',
  past_due_since: 'Since when a payment is missing.',
  ended_at: 'When it ended.',
  synced_at: 'When the copy was last fetched from Stripe.',
  subscription_id: 'The subscription it belongs to.',
  number: 'Number on the receipt.',
  amount_paid_cents: 'What you paid, in hundredths.',
  amount_refunded_cents: 'What was given back, in hundredths.',
  hosted_url: 'The receipt as a page.',
  pdf_url: 'The receipt as PDF.',
  name: 'Name.',
  last_seen_at: 'When the machine last reported.',
  revoked_at: 'When you signed it out.',
  kind: 'What was counted.',
  period_start: 'Start of the period.',
  period_end: 'End of the period; none for the trial.',
  workflows: 'Runs.',
  ai_generations: 'Workflows written by AI.',
  device_id: 'The machine.',
  period_id: 'The period it counts in.',
  lease_id: 'The lease it ran on.',
  units: 'Runs that were allowed.',
  used: 'Runs that were made.',
  returned: 'Runs that were given back.',
  closed_at: 'When it was closed.',
  occurred_at: 'When it happened, by the machine’s clock.',
  received_at: 'When it was reported.',
  current_version: 'Number of the newest version.',
  size_bytes: 'Size in bytes.',
  share_token: 'The secret part of the share link, if it is shared.',
  shared_at: 'Since when it is shared.',
  workflow_id: 'The workflow.',
  version: 'Number of the version.',
  document: 'Path of the file with the workflow itself.',
  sha256: 'Checksum of the document.',
  actor: 'Who did it: you or the service.',
  action: 'What was done.',
  detail: 'Numbers and codes about it.',
  requested_at: 'When you asked.',
  erase_after: 'When the account will be erased.',
  cancelled_at: 'When you changed your mind.',
  reminded_at: 'When you were reminded.',
  template: 'Which mail.',
  provider_id: 'Its number at the mail provider.',
  sent_at: 'When it was sent.',
}

export const columnWords = (table: string, column: string): string | undefined =>
  columnMeanings[`${table}.${column}`] ?? columnMeanings[column]

export const readme = `Your ComfyRunner account
========================

This archive holds everything that your account holds about you.

workflows/        the workflows that you saved, newest version. Open them in ComfyRunner: drop the
                  file on the canvas, or choose Open.
workflows/older/  earlier versions of them.
tables/           the rest, one file a subject. Each is a list of rows in JSON, a text format that
                  any editor shows.
sign-in.json      how you sign in. Passwords are not in it: only a hash is kept, which nobody can read.
manifest.json     a list of all files, with the meaning of each file and column.

Times are in UTC. Amounts are in hundredths of the currency: 900 is 9.00.
Payments are made with Stripe, which keeps its own records; the links of your receipts lead there.
What you run and make on your machine is not here: it never left it.
`
