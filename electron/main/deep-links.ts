// `comfyrunner://` addresses: the way back from Stripe's pages, and links to shared workflows.
import type { HostEvent } from '../../engine/api/contract.ts'
import type { Electron } from './electron.ts'

export const LINK_SCHEME = 'comfyrunner'

type Visit = Extract<HostEvent, { type: 'visit' }>

/** `comfyrunner://account`, `comfyrunner://shared/<token>`; anything else is nothing of ours. */
export function readLink(text: string): Visit | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== `${LINK_SCHEME}:`) return undefined
  if (url.host === 'account') return { type: 'visit', room: 'account' }
  const token = /^\/([\w-]{16,200})\/?$/.exec(url.pathname)?.[1]
  return url.host === 'shared' && token
    ? { type: 'visit', room: 'account', shared: token }
    : undefined
}

/** @param go brings the window to the front and shows what the link leads to */
export function followLinks({ app }: Electron, go: (visit: Visit) => void): void {
  app.setAsDefaultProtocolClient(LINK_SCHEME)
  const follow = (text: string | undefined) => {
    const visit = text === undefined ? undefined : readLink(text)
    if (visit) go(visit)
  }
  // A Mac hands the address over; elsewhere the app is started again with it.
  app.on('open-url', (event, url) => {
    event.preventDefault()
    follow(url)
  })
  const ofCommandLine = (args: readonly string[]) =>
    args.find(arg => arg.startsWith(`${LINK_SCHEME}:`))
  app.on('second-instance', (_event, args) => follow(ofCommandLine(args)))
  follow(ofCommandLine(process.argv))
}
