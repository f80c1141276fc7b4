// The functions under Deno, as supabase.com runs them: from the entry, with the packages installed
// here and no network but 127.0.0.1.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type LocalDatabase, startDatabase } from '../local/database.ts'
import { type MailSink, startMailSink } from '../local/mail-sink.ts'
import { freePort } from '../local/postgres.ts'
import { onRealStack } from './stack.ts'

const supabase = join(import.meta.dirname, '..')
const testSecrets = {
  STRIPE_SECRET_KEY: 'sk_test_local',
  STRIPE_WEBHOOK_SECRET: 'whsec_local_test',
  RESEND_API_KEY: 're_local_test',
  SEND_EMAIL_HOOK_SECRET: `v1,whsec_${Buffer.from('a secret of the hook').toString('base64')}`,
  CRON_SECRET: 'a-secret-of-cron',
}

/** Deno's program for this machine: the package has one folder a platform, of which npm took one. */
function denoProgram(): string {
  const folder = join(supabase, 'node_modules/@deno')
  const names = readdirSync(folder).flatMap(name => [
    join(folder, name, 'deno'),
    join(folder, name, 'deno.exe'),
  ])
  const program = names.find(name => existsSync(name))
  if (!program) throw new Error('Deno is not among the installed packages.')
  return program
}

describe.skipIf(onRealStack)('functions under Deno', () => {
  let database: LocalDatabase
  let mails: MailSink
  let deno: ChildProcess
  let cache: string
  let url: string
  let said = ''

  beforeAll(async () => {
    database = await startDatabase()
    mails = await startMailSink(testSecrets.RESEND_API_KEY)
    cache = mkdtempSync(join(tmpdir(), 'comfyrunner-deno-'))
    const port = await freePort()
    url = `http://127.0.0.1:${port}/account`
    const offline = ['--node-modules-dir=manual', '--cached-only', '--no-lock']
    const allowed = ['--allow-env', '--allow-net=127.0.0.1', `--allow-read=${supabase}`]
    const entry = join(supabase, 'functions/account/index.ts')
    const config = join(supabase, 'functions/account/deno.json')
    const args = ['run', '--quiet', '--config', config, ...offline, ...allowed, entry]
    deno = spawn(denoProgram(), args, {
      cwd: supabase,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...testSecrets,
        PATH: process.env.PATH,
        DENO_DIR: cache,
        DENO_NO_UPDATE_CHECK: '1',
        HOST: '127.0.0.1',
        PORT: String(port),
        SUPABASE_URL: 'http://127.0.0.1:9',
        SUPABASE_PUBLISHABLE_KEY: 'sb_publishable_deno',
        SUPABASE_SECRET_KEY: 'sb_secret_deno',
        DATABASE_URL: database.url,
        RESEND_URL: mails.url,
        MAIL_FROM: 'ComfyRunner <account@comfyrunner.test>',
        APP_URL: url,
      },
    })
    for (const stream of [deno.stdout!, deno.stderr!])
      stream.setEncoding('utf8').on('data', text => (said += text))
    await answers(`${url}/health`)
  })
  afterAll(async () => {
    const ended = new Promise(done => deno?.once('exit', done))
    deno?.kill('SIGKILL')
    if (deno) await ended
    await mails?.stop()
    await database?.stop()
    if (cache) rmSync(cache, { recursive: true, force: true })
  })

  async function answers(address: string) {
    for (let i = 0; i < 300 && deno.exitCode === null; i++) {
      if (await fetch(address).catch(() => undefined)) return
      await new Promise(next => setTimeout(next, 100))
    }
    throw new Error(`Deno does not answer:\n${said}`)
  }

  test('they are up, with the database', async () => {
    const response = await fetch(`${url}/health`)
    expect(response.status, said).toBe(200)
  })

  test('a webhook is taken with Stripe’s signature and refused with another', async () => {
    const event = { id: `evt_${randomUUID()}`, object: 'event', type: 'product.created' }
    const payload = JSON.stringify({ ...event, created: 1, data: { object: { id: 'prod_1' } } })
    const post = (signature: string) =>
      fetch(`${url}/stripe/webhook`, {
        method: 'POST',
        body: payload,
        headers: { 'stripe-signature': signature },
      })
    const secret = testSecrets.STRIPE_WEBHOOK_SECRET
    const { webhooks } = new Stripe(testSecrets.STRIPE_SECRET_KEY)
    const signed = (by: string) => webhooks.generateTestHeaderStringAsync({ payload, secret: by })
    const refused = await post(await signed('whsec_another'))
    expect(refused.status).toBe(400)
    expect(refused.headers.get('content-type')).toContain('application/problem+json')
    expect((await post(await signed(secret))).status, said).toBe(200)
  })

  test('a mail is rendered and sent', async () => {
    const userId = await database.addUser('deno@comfyrunner.test', { verified: false })
    const body = JSON.stringify({
      user: { id: userId, email: 'deno@comfyrunner.test' },
      email_data: {
        token: '123456',
        token_hash: 'hash',
        redirect_to: '',
        email_action_type: 'signup',
        site_url: '',
        token_new: '',
        token_hash_new: '',
      },
    })
    const [id, now] = [randomUUID(), new Date()]
    const secret = testSecrets.SEND_EMAIL_HOOK_SECRET.replace('v1,whsec_', '')
    const response = await fetch(`${url}/hooks/send-email`, {
      method: 'POST',
      body,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, now, body),
      },
    })
    expect(response.status, said).toBe(200)
    const mail = await mails.waitFor({ to: 'deno@comfyrunner.test', template: 'verify' })
    expect(mail.text).toContain('123456')
    expect(mail.html).toContain('<html')
  })
})
