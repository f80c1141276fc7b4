// The account as the host sees it. Its code is loaded only for people who sign in: without a cloud,
// or signed out, nothing here asks anybody anything.
import { createHash, randomUUID } from 'node:crypto'
import type { OpenAccount } from '../account/account.ts'
import { cloudConfig } from '../account/cloud-config.ts'
import type { KnownUser } from '../account/session.ts'
import type { Problem } from '../api/contract.ts'
import type { Account } from '../api/contract-account.ts'
import type { Store } from '../store/store.ts'
import type { HttpClient } from './http-client.ts'
import type { Secrets } from './secrets.ts'

export interface LazyAccount {
  state(): Account
  /** @throws Error without a configured cloud */
  load(): Promise<OpenAccount>
  /** Why a run may not begin, or nothing. Signed out there is no limit. */
  checkAllowance(): Promise<Problem | undefined>
  /** Counts a run that was done; belongs in the transaction that writes its end. */
  count(run: string): void
  close(): void
}

export interface LazyAccountOptions {
  resources: string
  store: Store
  http: HttpClient
  secrets: Secrets
  changed(account: Account): void
  workflowsChanged(): void
  /** Said once at the start when the address is malformed. */
  notice(words: string): void
}

/** A device's name on the account page. The machine's own name is nobody's business. */
const platformNames: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Mac',
  linux: 'Linux computer',
  win32: 'Windows computer',
}

const signedOut: Account = { available: false, state: 'signedOut', reachable: true, browser: false }

export function lazyAccount(options: LazyAccountOptions): LazyAccount {
  const { store } = options
  const config = readConfig(options)
  let opening: Promise<OpenAccount> | undefined
  let open: OpenAccount | undefined
  let closed = false

  const user = () => (config && store.settings.account<KnownUser>('user')) ?? undefined
  const state = (): Account => open?.state() ?? { ...signedOut, available: config !== undefined }

  function load(): Promise<OpenAccount> {
    if (!config) throw new Error('This ComfyRunner has no account cloud.')
    opening ??= import('../account/account.ts').then(({ openAccount }) => {
      open = openAccount({
        ...options,
        config,
        device: {
          // Another one after signing out: a removed device comes back as a new one.
          get id() {
            return deviceId(store)
          },
          name: platformNames[process.platform] ?? 'Computer',
        },
        changed: () => options.changed(state()),
      })
      if (closed) open.close()
      return open
    })
    return opening
  }

  if (user()) void load().then(() => options.changed(state()))

  return {
    state,
    load,
    checkAllowance: async () => (user() ? (await load()).checkAllowance() : undefined),
    count(run) {
      const { id } = user() ?? {}
      if (id && store.usage.count(id, eventId(run, deviceId(store)), 'workflow', Date.now()))
        open?.reportSoon()
    },
    close() {
      closed = true
      open?.close()
    },
  }
}

function readConfig({ resources, notice }: LazyAccountOptions) {
  try {
    return cloudConfig(resources)
  } catch (error) {
    notice((error as Error).message)
    return undefined
  }
}

/** A run's own id where it is a UUID; other programs may call their runs anything. */
function eventId(run: string, device: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(run)) return run
  const hex = createHash('sha256').update(`${device} ${run}`).digest('hex')
  // As a name-based UUID is laid out: https://www.rfc-editor.org/rfc/rfc9562#section-5.8
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** A random number of this data folder; says nothing about the machine. */
function deviceId(store: Store): string {
  const known = store.settings.account<string>('device')
  if (known) return known
  const fresh = randomUUID()
  store.settings.setAccount('device', fresh)
  return fresh
}
