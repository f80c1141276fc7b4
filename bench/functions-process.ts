// The account functions in a process of their own, as they run in the cloud, for stripe-webhooks.ts:
// functions-process.ts <settings as JSON> <ms that the cloud's clock is ahead>. Says its address.
import '../supabase/local/tsx.ts'

const { startFunctions } = await import('../supabase/local/functions.ts')
const { listen } = await import('../supabase/local/listen.ts')

const [settings, aheadMs] = process.argv.slice(2)
const functions = startFunctions({
  env: JSON.parse(settings!),
  now: () => Date.now() + Number(aheadMs),
  fetch,
})
const { url } = await listen(functions.fetch)
process.stdout.write(`${url}\n`)

process.once('SIGTERM', () => process.exit())
