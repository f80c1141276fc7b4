// Every mail as it is sent, and the hook through which Supabase Auth asks for its own.
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { renderMail } from '../../functions/_shared/emails/render.tsx'
import { type MailContent, optionalMails, type Template } from '../../functions/_shared/mail.ts'
import { type Fixture, startFixture, testSecrets } from './fixture.ts'

const asking = { code: '482913', link: 'https://x.test/auth/v1/verify?token=abc&type=signup' }
const money = { amountCents: 900, currency: 'eur' }
const when = '2026-12-22T10:00:00Z'

const examples: Record<Template, MailContent> = {
  verify: { template: 'verify', ...asking },
  'sign-in-link': { template: 'sign-in-link', ...asking },
  reset: { template: 'reset', code: '482913' },
  'change-email': {
    template: 'change-email',
    code: '482913',
    newEmail: 'new@example.test',
    toNew: false,
  },
  reauthenticate: { template: 'reauthenticate', code: '482913' },
  'security-notice': {
    template: 'security-notice',
    what: 'The password of your ComfyRunner account was changed.',
  },
  welcome: { template: 'welcome' },
  'subscription-started': {
    template: 'subscription-started',
    planId: 'plus',
    renewsAt: when,
    ...money,
  },
  'subscription-ended': { template: 'subscription-ended', planId: 'plus' },
  'trial-ending': { template: 'trial-ending', planId: 'plus', endsAt: when, ...money },
  'payment-failed': { template: 'payment-failed', nextAttemptAt: when, ...money },
  refunded: { template: 'refunded', number: 'A-0001', ...money },
  'price-change': {
    template: 'price-change',
    planId: 'plus',
    oldAmountCents: 700,
    from: when,
    ...money,
  },
  'quota-warning': { template: 'quota-warning', used: 800, limit: 1000, resetsAt: when },
  'quota-reached': { template: 'quota-reached', used: 50, limit: 50, resetsAt: null },
  'deletion-scheduled': { template: 'deletion-scheduled', eraseAfter: when },
  'deletion-reminder': { template: 'deletion-reminder', eraseAfter: when },
  'deletion-done': { template: 'deletion-done' },
}

const context = {
  appUrl: 'https://app.test/account',
  planName: 'Plus',
  unsubscribeUrl: 'https://x.test/unsubscribe?person=1&token=2',
}

describe.each(Object.values(examples))('$template', example => {
  test('reads well as text, and stays as it is', async () => {
    const { subject, text, html } = await renderMail(example, context)
    expect(`${subject}\n\n${text}`).toMatchSnapshot('text')
    expect(html).toMatchSnapshot('html')
  })

  test('is whole: a language, no script, nothing fetched, short lines of sight', async () => {
    const { subject, html, text } = await renderMail(example, context)
    expect(html).toMatch(/^<!DOCTYPE html/)
    expect(html).toContain('lang="en"')
    expect(html).not.toMatch(/<(script|img|iframe|form|link)\b/)
    expect(html).not.toMatch(/undefined|null|NaN|\[object/)
    expect(subject.length).toBeLessThanOrEqual(60)
    expect(`${subject}${text}`).not.toContain('!')
    const optional = example.template in optionalMails
    expect(html.includes('Turn them off')).toBe(optional)
    if ('link' in example) expect(text).toContain(example.link)
    if ('code' in example) expect(text).toContain(example.code)
  })
})

describe('the hook', () => {
  let cloud: Fixture
  beforeAll(async () => {
    cloud = await startFixture()
  })
  afterAll(() => cloud?.stop())

  const ask = (payload: object, given: { secret?: string; id?: string; ageMs?: number } = {}) => {
    const raw = JSON.stringify(payload)
    const id = given.id ?? `msg_${randomUUID()}`
    const at = new Date(Date.now() - (given.ageMs ?? 0))
    const secret = (given.secret ?? testSecrets.SEND_EMAIL_HOOK_SECRET).replace('v1,whsec_', '')
    return cloud.call('POST', '/hooks/send-email', {
      raw,
      headers: {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(secret).sign(id, at, raw),
      },
    })
  }
  const payload = (user: { id: string; email: string }, action: string, more: object = {}) => ({
    user: { id: user.id, email: user.email, aud: 'authenticated', new_email: 'new@example.test' },
    email_data: {
      token: '482913',
      token_hash: 'hash-of-new',
      token_new: '731644',
      token_hash_new: '',
      redirect_to: 'comfyrunner://auth',
      email_action_type: action,
      site_url: 'https://x.test',
      ...more,
    },
  })
  const mailsTo = (address: string) => cloud.mails.filter(({ to }) => to === address)

  test.each([
    ['signup', 'verify'],
    ['recovery', 'reset'],
    ['magiclink', 'sign-in-link'],
    ['reauthentication', 'reauthenticate'],
    ['password_changed_notification', 'security-notice'],
  ])('%s → %s', async (action, template) => {
    const person = await cloud.person({ verified: false })
    expect((await ask(payload(person, action))).status).toBe(200)
    expect(mailsTo(person.email).map(mail => mail.template)).toEqual([template])
    if (action !== 'signup') return
    const [mail] = mailsTo(person.email)
    expect(mail!.text).toContain(
      'http://127.0.0.1:54321/auth/v1/verify?token=hash-of-new&type=signup&redirect_to=comfyrunner%3A%2F%2Fauth',
    )
  })

  test('a new address is asked of both mailboxes, each with its own code', async () => {
    const person = await cloud.person()
    await ask(payload(person, 'email_change', { token_hash_new: 'hash-of-old' }))
    expect(mailsTo(person.email)[0]!.text).toContain('482913')
    expect(mailsTo('new@example.test').at(-1)!.text).toContain('731644')
    await ask(payload(person, 'email_change', { token_new: '' }))
    expect(mailsTo(person.email).length).toBe(1)
    expect(mailsTo('new@example.test').at(-1)!.text).toContain('482913')
  })

  test('an account whose row is not there yet gets its mail all the same', async () => {
    const user = { id: randomUUID(), email: 'early@example.test' }
    expect((await ask(payload(user, 'signup'))).status).toBe(200)
    expect(mailsTo(user.email)).toHaveLength(1)
  })

  test('asked twice, it sends once; the log has neither address nor code', async () => {
    const person = await cloud.person()
    const id = `msg_${randomUUID()}`
    for (let times = 0; times < 2; times += 1)
      expect((await ask(payload(person, 'recovery'), { id })).status).toBe(200)
    expect(mailsTo(person.email)).toHaveLength(1)
    const rows = await cloud.database.sql`select * from app.mail_log where user_id = ${person.id}`
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${person.email}|482913|hash-of-new`))
  })

  test.each([
    ['another secret', { secret: `v1,whsec_${Buffer.from('somebody else').toString('base64')}` }],
    ['an old signature', { ageMs: 6 * 60_000 }],
  ])('%s is refused', async (_what, given) => {
    const person = await cloud.person()
    const answer = await ask(payload(person, 'signup'), given)
    expect(await answer.json()).toMatchObject({ status: 401, code: 'bad_signature' })
    expect(mailsTo(person.email)).toEqual([])
  })

  test('no signature, an unknown mail and another shape are refused', async () => {
    const person = await cloud.person()
    expect(
      (await cloud.call('POST', '/hooks/send-email', { body: payload(person, 'signup') })).status,
    ).toBe(401)
    expect((await ask(payload(person, 'sms'))).status).toBe(422)
    expect((await ask({ user: {} })).status).toBe(400)
  })

  test('when Resend does not take it, Auth is told', async () => {
    const person = await cloud.person()
    cloud.mailTrouble(true)
    const answer = await ask(payload(person, 'signup'))
    cloud.mailTrouble(false)
    expect(await answer.json()).toMatchObject({ status: 502, code: 'mail_unavailable' })
  })
})
