// How Auth is set up: the same values as config.toml has for supabase.com (a test compares them).

export interface AuthSettings {
  /** Where a mail's link leads when the wanted address is not on the list. */
  siteUrl: string
  /** Allowed return addresses: `*` stands for anything but `.` and `/`, `**` for anything. */
  redirectUrls: string[]
  passwordLengthMin: number
  /** Life of an access token. */
  jwtExpirySeconds: number
  /** An exchanged refresh token may come again for so long: two windows, a lost answer. */
  refreshReuseSeconds: number
  /** Life of a mailed link or code. */
  otpExpirySeconds: number
  /** The same mail to the same person at most once in this time. */
  mailIntervalSeconds: number
  /** A change of address must be confirmed from the old and the new one. */
  doubleConfirmChanges: boolean
  /** Above this age of the session a new password needs a mailed code (`reauthenticate`). */
  secureChangeSeconds: number
}

export const authSettings = (siteUrl: string): AuthSettings => ({
  siteUrl,
  redirectUrls: ['http://127.0.0.1:*/account/return', 'comfyrunner://**'],
  passwordLengthMin: 8,
  jwtExpirySeconds: 3600,
  refreshReuseSeconds: 10,
  otpExpirySeconds: 3600,
  mailIntervalSeconds: 1,
  doubleConfirmChanges: true,
  secureChangeSeconds: 24 * 3600,
})

/** The wanted return address if it is allowed, the site's otherwise, as GoTrue decides it. */
export function allowedRedirect(settings: AuthSettings, wanted: string | undefined): string {
  if (!wanted || !URL.canParse(wanted)) return settings.siteUrl
  const site = new URL(settings.siteUrl)
  const url = new URL(wanted)
  if (url.protocol === site.protocol && url.hostname === site.hostname && isSitePort(url, site))
    return wanted
  const [withoutHash] = wanted.split('#') as [string]
  const allowed = settings.redirectUrls.some(pattern => globPattern(pattern).test(withoutHash))
  return allowed ? wanted : settings.siteUrl
}

/** On loopback the port is the application: another program's port is another site. */
const isSitePort = (url: URL, site: URL) => url.port === site.port

function globPattern(glob: string): RegExp {
  const source = glob.replace(/\*\*|[*?]|[^*?]+/g, part => {
    if (part === '**') return '.*'
    if (part === '*') return '[^./]*'
    if (part === '?') return '[^./]'
    return part.replace(/[\\^$.|+()[\]{}]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}
