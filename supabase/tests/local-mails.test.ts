// The mail sink speaks Resend's API, as the unmodified resend package speaks it.
import { Resend } from 'resend'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MailSink, startMailSink } from '../local/mail-sink.ts'

const resendKey = 're_local_test'
const exampleMail = {
  from: 'ComfyRunner <account@comfyrunner.test>',
  to: 'ann@comfyrunner.test',
  subject: 'Hello <Ann>',
  html: '<p>Go <a href="http://127.0.0.1:1/go?a=1&amp;b=2">on</a></p>',
  text: 'Go on: http://127.0.0.1:1/go?a=1&b=2',
  tags: [{ name: 'template', value: 'welcome' }],
}

let mails: MailSink
let resend: Resend
beforeAll(async () => {
  mails = await startMailSink(resendKey)
  resend = new Resend(resendKey, { baseUrl: mails.url })
})
afterAll(() => mails?.stop())

describe('mails', () => {
  test('arrive whole, with their links', async () => {
    const headers = { 'List-Unsubscribe': '<http://127.0.0.1:1/stop>' }
    const { data } = await resend.emails.send({ ...exampleMail, headers })
    const mail = await mails.waitFor({ to: exampleMail.to, template: 'welcome' })
    expect(mail).toMatchObject({
      id: data!.id,
      subject: exampleMail.subject,
      text: exampleMail.text,
      headers,
      links: ['http://127.0.0.1:1/go?a=1&b=2'],
    })
  })

  test('are handed out once, and waited for', async () => {
    await expect(mails.waitFor({ to: exampleMail.to, timeoutMs: 60 })).rejects.toThrow(
      'welcome to ann@',
    )
    const waiting = mails.waitFor({ to: 'later@comfyrunner.test' })
    await resend.emails.send({ ...exampleMail, to: 'later@comfyrunner.test' })
    expect((await waiting).to).toEqual(['later@comfyrunner.test'])
  })

  test('go out once for one idempotency key', async () => {
    const before = mails.all().length
    const send = (subject: string) =>
      resend.emails.send({ ...exampleMail, subject }, { idempotencyKey: 'one-key' })
    const ids = [await send('Once'), await send('Once')].map(({ data }) => data?.id)
    expect(ids[0]).toBe(ids[1])
    expect(mails.all().length).toBe(before + 1)
    expect((await send('Something else')).error?.name).toBe('invalid_idempotent_request')
  })

  test('are refused without the key, with an unknown field, and when told to', async () => {
    const stranger = new Resend('re_wrong', { baseUrl: mails.url })
    expect((await stranger.emails.send(exampleMail)).error?.name).toBe('invalid_api_key')
    const scheduled = await resend.emails.send({ ...exampleMail, scheduledAt: 'in 1 hour' })
    expect(scheduled.error?.name).toBe('validation_error')
    mails.failNext(500)
    expect((await resend.emails.send(exampleMail)).error?.name).toBe('internal_server_error')
    expect((await resend.emails.send(exampleMail)).error).toBeNull()
  })

  test('can be read on a page, where nothing in them runs', async () => {
    const list = await (await fetch(mails.url)).text()
    expect(list).toContain('Hello &lt;Ann&gt;')
    expect(list).toContain('ann@comfyrunner.test')
    const [path] = /\/mails\/[\w-]+/.exec(list)!
    const page = await (await fetch(mails.url + path)).text()
    expect(page).toContain('sandbox="allow-popups allow-popups-to-escape-sandbox"')
    const framed = await fetch(`${mails.url}${path}/html`)
    expect(framed.headers.get('content-security-policy')).toBe("script-src 'none'")
    expect(await framed.text()).toContain('href=')
    expect((await fetch(`${mails.url}/mails/none`)).status).toBe(404)
  })
})
