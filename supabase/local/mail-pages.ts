// The pages on which one reads what the local cloud has mailed. No script, no request elsewhere.
import { html, raw } from 'hono/html'
import type { ReceivedMail } from './mail-sink.ts'

const style = raw(`
  :root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 14%, transparent) }
  body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 2rem 1rem }
  h1 { font-size: 1.15rem; font-weight: 600 }
  a { color: inherit }
  table { border-collapse: collapse; width: 100% }
  td { border-top: 1px solid var(--line); padding: .5rem .75rem .5rem 0; vertical-align: top }
  td:first-child, .quiet { opacity: .65; white-space: nowrap }
  td:last-child { width: 60% }
  td:last-child a { font-weight: 550; text-decoration: none }
  iframe { background: white; border: 1px solid var(--line); border-radius: 8px; height: 34rem;
    width: 100% }
  pre { border-top: 1px solid var(--line); padding-top: 1rem; white-space: pre-wrap;
    overflow-wrap: anywhere }
`)

const page = (title: string, body: unknown) => html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><style>${style}</style></head>
<body>${body}</body></html>`

const time = (date: Date) => date.toISOString().slice(11, 19)

export function mailListPage(mails: ReceivedMail[]) {
  const rows = mails.toReversed().map(
    mail => html`<tr><td>${time(mail.receivedAt)}</td><td>${mail.to.join(', ')}</td>
      <td><a href="/mails/${mail.id}">${mail.subject}</a></td></tr>`,
  )
  const body = rows.length
    ? html`<table>${rows}</table>`
    : html`<p class="quiet">Nothing yet. Sign up in the app, and the mail comes here.</p>`
  return page('Mails', html`<h1>Mails of the local cloud</h1>${body}`)
}

export function mailPage(mail: ReceivedMail) {
  const body = html`<p><a href="/">All mails</a></p><h1>${mail.subject}</h1>
    <p class="quiet">${time(mail.receivedAt)} · ${mail.from} → ${mail.to.join(', ')}</p>
    <iframe sandbox="allow-popups allow-popups-to-escape-sandbox"
      title="The mail" src="/mails/${mail.id}/html"></iframe>
    <pre>${mail.text}</pre>`
  return page(mail.subject, body)
}
