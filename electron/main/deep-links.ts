// `comfyrunner://` addresses: the way back from Stripe's pages, and links to shared workflows.
import type { HostEvent } from '../../engine/api/contract.ts'
import type { Electron } from './electron.ts'

const linkScheme = 'comfyrunner'

type Visit = Extract<HostEvent, { type: 'visit' }>

/** `comfyrunner://account`, `comfyrunner://shared/<token>`; anything else is nothing of ours. */
export function readLink(text: string): Visit | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== `${linkScheme}:`) return undefined
  if (url.host === 'account') return { type: 'visit', room: 'account' }
  const token = /^\/([\w-]{16,200})\/?$/.exec(url.pathname)?.[1]
  return url.host === 'shared' && token
    ? { type: 'visit', room: 'account', shared: token }
    : undefined
}

type Go = (visit: Visit) => void

/**
 * Listens for links from now on: a Mac hands over the one that starts the app before it is ready.
 * @returns what is to be called once there is somewhere to go: `go` brings the window to the front and
 * shows what a link leads to
 */
export function receiveLinks({ app }: Electron): (go: Go) => void {
  let go: Go | undefined
  let early: Visit | undefined
  const follow = (text: string | undefined) => {
    const visit = text === undefined ? undefined : readLink(text)
    if (visit && go) go(visit)
    else early = visit ?? early
  }
  // A Mac hands the address over; elsewhere the app is started again with it.
  app.on('open-url', (event, url) => {
    event.preventDefault()
    follow(url)
  })
  const ofCommandLine = (args: readonly string[]) =>
    args.find(arg => arg.startsWith(`${linkScheme}:`))
  app.on('second-instance', (_event, args) => follow(ofCommandLine(args)))
  follow(ofCommandLine(process.argv))
  return to => {
    app.setAsDefaultProtocolClient(linkScheme)
    go = to
    if (early) to(early)
    early = undefined
  }
}
