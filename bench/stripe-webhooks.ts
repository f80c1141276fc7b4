// How many Stripe webhooks a second the account functions take, with PostgreSQL and the Stripe double
// on the same machine: node bench/stripe-webhooks.ts [rate] [seconds]. Needs `npm run cloud` once.
import '../supabase/local/tsx.ts'

const { startFixture } = await import('../supabase/tests/functions/fixture.ts')
const { webhookLoad } = await import('../supabase/tests/functions/webhook-load.ts')

const [rate = 200, seconds = 10] = process.argv.slice(2).map(Number)
const cloud = await startFixture()
try {
  const { statuses, figures } = await webhookLoad(cloud, { rate, seconds })
  console.log(`${figures}; not taken: ${statuses.filter(status => status !== 200).length}`)
} finally {
  await cloud.stop()
}
