// How many Stripe webhooks a second the account functions take, with PostgreSQL and the Stripe double
// on the same machine: node bench/stripe-webhooks.ts [rate] [seconds]. Needs `npm run cloud` once.
// The functions have a process to themselves; the sender and the double, which in life are elsewhere,
// share another.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import '../supabase/local/tsx.ts'

const { startFixture } = await import('../supabase/tests/functions/fixture.ts')
const { webhookLoad } = await import('../supabase/tests/functions/webhook-load.ts')

const [rate = 200, seconds = 10] = process.argv.slice(2).map(Number)
const cloud = await startFixture()
const settings = JSON.stringify(cloud.env)
let functions: ReturnType<typeof spawn> | undefined

/** Starts them when the load begins: by then the clock stands where it will. */
async function startFunctions(): Promise<string> {
  const file = join(import.meta.dirname, 'functions-process.ts')
  const aheadMs = String(Math.round(cloud.now() - Date.now()))
  functions = spawn(process.execPath, [file, settings, aheadMs], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = await once(functions.stdout!, 'data')
  return String(said).trim()
}

let address: Promise<string> | undefined
try {
  const { statuses, figures } = await webhookLoad(
    {
      ...cloud,
      ready: async () => void (await (address ??= startFunctions())),
      call: async (method, path, { raw, headers } = {}) =>
        fetch(`${await address}/functions/v1/account${path}`, { method, body: raw, headers }),
    },
    { rate, seconds },
  )
  console.log(`${figures}; not taken: ${statuses.filter(status => status !== 200).length}`)
} finally {
  functions?.kill()
  await cloud.stop()
}
