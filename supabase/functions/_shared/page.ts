// The few pages that a browser shows on its way back to the app.

const style = `:root{color-scheme:light dark;font:15px/1.6 Inter,system-ui,sans-serif}
body{max-width:30rem;margin:18vh auto;padding:0 1.5rem}h1{font-size:1.3rem;font-weight:600}
button,a.button{font:inherit;padding:.5rem 1rem;border-radius:6px;border:1px solid #8886;background:#5a52d5;color:#fff;text-decoration:none;cursor:pointer}`

/** @param title, words plain text of ours, never anything that came in */
export const page = (
  title: string,
  words: string,
  more: { button?: string; link?: { href: string; words: string } } = {},
): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · ComfyRunner</title><style>${style}</style></head>
<body><h1>${title}</h1><p>${words}</p>
${more.button ? `<form method="post"><button>${more.button}</button></form>` : ''}
${more.link ? `<p><a class="button" href="${more.link.href}">${more.link.words}</a></p>` : ''}
</body></html>`
