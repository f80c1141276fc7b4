// Who may talk to us. The server listens on this machine, but every web page that the user opens
// can send requests to it: a page of another site must not start runs or read pictures.
import { isLoopback } from './http-client.ts'

export interface OriginRule {
  /** The address listened on; anything but loopback was the user's explicit wish. */
  listen: string
}

/** Bare host name of a `Host` header: `[::1]:8188` → `[::1]`. */
const hostnameOf = (host: string): string => host.replace(/:\d*$/, '').toLowerCase()

/**
 * Why a request is refused, or nothing. A foreign name in `Host` is DNS rebinding: the name was made
 * to point here. An `Origin` that is not ours is a page of another site.
 */
export function refusal(headers: Headers, { listen }: OriginRule): string | undefined {
  const host = headers.get('host')
  if (!host) return 'The request names no host.'
  const name = hostnameOf(host)
  // Listening on other addresses than loopback, any name may be ours; the Origin still has to fit.
  const open = !isLoopback(listen) && listen !== '::1'
  if (!open && !isLoopback(name)) return `This server does not answer for ${name}.`

  const origin = headers.get('origin')
  if (origin && !sameHost(origin, host)) return 'Requests from other sites are not answered.'
  // A link that the user followed may lead here; what other sites embed or send may not.
  if (
    headers.get('sec-fetch-site') === 'cross-site' &&
    headers.get('sec-fetch-mode') !== 'navigate'
  )
    return 'Requests from other sites are not answered.'
  return undefined
}

function sameHost(origin: string, host: string): boolean {
  try {
    return new URL(origin).host.toLowerCase() === new URL(`http://${host}`).host.toLowerCase()
  } catch {
    // `null`: a sandboxed frame or a local file.
    return false
  }
}
