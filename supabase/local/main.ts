// `npm run cloud [-- --port 54321 --data-dir DIR]`: the account cloud on this machine.
import './tsx.ts'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { createClient } from '@supabase/supabase-js'
import type { LocalCloud } from './cloud.ts'

const demoAccount = { email: 'demo@comfyrunner.test', password: 'demo-password' }
const defaultPort = 54321

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: String(defaultPort) },
    'data-dir': { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
if (values.help) {
  console.log('npm run cloud -- [--port 54321] [--data-dir DIR]')
  process.exit(0)
}

// npm changes to the package's folder; a relative path means where the person stood.
const dataDir =
  values['data-dir'] && resolve(process.env.INIT_CWD ?? process.cwd(), values['data-dir'])
const port = Number(values.port)
if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`${values.port} is not a port.`)

let cloud: LocalCloud | undefined
let leaving = false
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, leave)

const began = performance.now()
try {
  const { startCloud } = await import('./cloud.ts')
  const log = (line: string) => console.error(line)
  cloud = await startCloud({ port, dataDir, throughCli: true, log })
  await addDemoAccount(cloud)
  console.log(describe(cloud, (performance.now() - began) / 1000))
} catch (error) {
  const { code, message } = error as NodeJS.ErrnoException
  fail(code === 'EADDRINUSE' ? `Port ${port} is taken; --port 0 finds a free one.` : message)
}

async function leave() {
  if (leaving) return
  leaving = true
  await cloud?.stop()
  // Also when it came in the middle of starting: what runs by then is stopped at exit.
  process.exit(0)
}

function fail(words: string): never {
  console.error(words)
  process.exit(1)
}

/** The account to try things with; in a kept data folder it is there already. */
async function addDemoAccount({ url, secretKey }: LocalCloud) {
  const admin = createClient(url, secretKey, { auth: { persistSession: false } }).auth.admin
  const { error } = await admin.createUser({ ...demoAccount, email_confirm: true })
  if (error && error.code !== 'email_exists') throw error
}

function describe(cloud: LocalCloud, seconds: number): string {
  return `
The cloud runs on this machine (ready in ${seconds.toFixed(1)} s). Ctrl-C stops it.

  Cloud            ${cloud.url}
  Publishable key  ${cloud.publishableKey}
  Secret key       ${cloud.secretKey}
  Functions        ${cloud.functionsUrl}
  Cron secret      ${cloud.env.CRON_SECRET}
  Database         ${cloud.databaseUrl}
  Mails            ${cloud.mails.url}
  Stripe           ${cloud.stripe.url}
  Data             ${dataDir ?? 'gone when it stops; --data-dir DIR keeps it'}
  Demo account     ${demoAccount.email} · ${demoAccount.password}

Start the app against it:

  COMFYRUNNER_CLOUD_URL=${cloud.url} COMFYRUNNER_CLOUD_KEY=${cloud.publishableKey} npm start
`
}
