// Where mails go on this machine: Resend's `POST /emails` on one side, a page to read them on the
// other. https://resend.com/docs/api-reference/emails/send-email
import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { listen } from './listen.ts'
import { mailListPage, mailPage } from './mail-pages.ts'

export interface ReceivedMail {
  id: string
  from: string
  to: string[]
  subject: string
  html: string
  text: string
  headers: Record<string, string>
  /** The tag `template`, by which our functions name what they send. */
  template: string
  /** The addresses in the mail, in their order. */
  links: string[]
  idempotencyKey: string | undefined
  receivedAt: Date
}

export interface MailSink {
  /** The page to read mails; also RESEND_URL of the functions. */
  url: string
  all(): ReceivedMail[]
  /**
   * The newest matching mail, when it is there; one that was handed out is not handed out again.
   * @throws Error after `timeoutMs`, with what did arrive.
   */
  waitFor(wanted: { to?: string; template?: string; timeoutMs?: number }): Promise<ReceivedMail>
  /** Answers the next requests as a Resend in trouble would. */
  failNext(status: 429 | 500, times?: number): void
  stop(): Promise<void>
}

const oneOrMany = z.union([z.string(), z.array(z.string())]).transform(value => [value].flat())

/** Fields that our functions may use; another one is an error, not a silent loss. */
const Email = z.strictObject({
  from: z.string().regex(/@/),
  to: oneOrMany,
  subject: z.string().min(1),
  html: z.string().default(''),
  text: z.string().default(''),
  reply_to: oneOrMany.optional(),
  headers: z.record(z.string(), z.string()).default({}),
  tags: z
    .array(z.object({ name: z.string(), value: z.string().regex(/^[\w-]{1,256}$/) }))
    .default([]),
})

const keptCount = 5000
const pollMs = 20

export async function startMailSink(apiKey: string, port = 0): Promise<MailSink> {
  const mails: ReceivedMail[] = []
  const handedOut = new Set<string>()
  const byKey = new Map<string, { body: string; id: string }>()
  const failure = { status: 500 as 429 | 500, left: 0 }
  const app = new Hono()
  const refuse = (status: 401 | 409 | 422 | 429 | 500, name: string, message: string) =>
    Response.json({ statusCode: status, name, message }, { status })

  app.post('/emails', async c => {
    if (c.req.header('authorization') !== `Bearer ${apiKey}`)
      return refuse(401, 'invalid_api_key', 'API key is invalid')
    if (failure.left > 0) {
      failure.left--
      const name = failure.status === 429 ? 'rate_limit_exceeded' : 'internal_server_error'
      return refuse(failure.status, name, 'The sink was told to fail.')
    }
    const body = await c.req.text()
    const key = c.req.header('idempotency-key')
    const earlier = key ? byKey.get(key) : undefined
    if (earlier && earlier.body !== body)
      return refuse(409, 'invalid_idempotent_request', 'Same idempotency key, different payload')
    if (earlier) return c.json({ id: earlier.id })
    const parsed = Email.safeParse(JSON.parse(body))
    if (!parsed.success) return refuse(422, 'validation_error', parsed.error.message)
    const mail = received(parsed.data, key)
    mails.push(mail)
    if (mails.length > keptCount) mails.shift()
    if (key) byKey.set(key, { body, id: mail.id })
    return c.json({ id: mail.id })
  })
  app.get('/', c => c.html(mailListPage(mails)))
  app.get('/mails/:id', c => {
    const mail = mails.find(({ id }) => id === c.req.param('id'))
    return mail ? c.html(mailPage(mail)) : c.text('There is no such mail.', 404)
  })
  app.get('/mails/:id/html', c => {
    const mail = mails.find(({ id }) => id === c.req.param('id'))
    if (!mail) return c.text('There is no such mail.', 404)
    c.header('content-security-policy', "script-src 'none'")
    // In a frame: links open in a tab of their own.
    return c.html(`<base target="_blank">${mail.html}`)
  })

  const server = await listen(app.fetch, port)
  return {
    url: server.url,
    all: () => [...mails],
    async waitFor({ to, template, timeoutMs = 10_000 }) {
      const end = Date.now() + timeoutMs
      const fits = (mail: ReceivedMail) =>
        !handedOut.has(mail.id) &&
        (!to || mail.to.includes(to)) &&
        (!template || mail.template === template)
      while (Date.now() < end) {
        const mail = mails.findLast(fits)
        if (mail) {
          handedOut.add(mail.id)
          return mail
        }
        await new Promise(next => setTimeout(next, pollMs))
      }
      const arrived = mails.map(mail => `${mail.template} to ${mail.to}`).join(', ') || 'none'
      throw new Error(`No mail ${template ?? ''} to ${to ?? 'anyone'}. Arrived: ${arrived}`)
    },
    failNext(status, times = 1) {
      Object.assign(failure, { status, left: times })
    },
    stop: server.stop,
  }
}

function received(email: z.output<typeof Email>, idempotencyKey: string | undefined): ReceivedMail {
  const { from, to, subject, html, text, headers, tags } = email
  const template = tags.find(tag => tag.name === 'template')?.value ?? ''
  const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, link]) => decodeEntities(link!))
  const inText = [...text.matchAll(/https?:\/\/[^\s<>)"]+/g)].map(([link]) => link)
  return {
    id: randomUUID(),
    from,
    to,
    subject,
    html,
    text,
    headers,
    template,
    links: links.length ? links : inText,
    idempotencyKey,
    receivedAt: new Date(),
  }
}

const decodeEntities = (text: string) =>
  text.replaceAll('&amp;', '&').replaceAll('&quot;', '"').replaceAll('&#x27;', "'")
