// The account's cloud, spoken to through supabase-js: auth, the database's functions, our HTTP
// functions. Tokens lie in the keychain; nothing here knows what the page looks like.
import { type AuthError, createClient, type SupabaseClient } from '@supabase/supabase-js'
import { type HttpClient, type HttpRequest, NetworkError } from '../host/http-client.ts'
import type { Secrets } from '../host/secrets.ts'
import {
  AccountError,
  notUnderstood,
  offlineError,
  sessionEndedCodes,
  toAccountError,
} from './account-error.ts'
import type { CloudConfig } from './cloud-config.ts'
import { type Bounds, httpFetch } from './http-fetch.ts'

/** Where supabase-js keeps the session; it adds the suffixes itself. */
const sessionKey = 'account.session'
const sessionKeySuffixes = ['', '-code-verifier', '-user']

const purposes: [RegExp, string][] = [
  [/^\/auth\//, 'sign in to your account'],
  [/usage/, 'report how many workflows were run'],
  [/workflow/, 'workflows saved to your account'],
  [/checkout|portal/, 'subscription'],
  [/export/, 'export of your data'],
  [/deletion/, 'deletion of your account'],
]

export const purposeOf = ({ pathname }: URL): string =>
  purposes.find(([pattern]) => pattern.test(pathname))?.[1] ?? 'your account'

const megabyte = 2 ** 20

/** A workflow has 4 MB, twice that as JSON in JSON; an export has all of them. */
const boundsOf = ({ pathname }: URL): Bounds =>
  pathname.endsWith('/export')
    ? { limitBytes: 1100 * megabyte, timeoutMs: 15 * 60_000 }
    : { limitBytes: 10 * megabyte, timeoutMs: /workflow/.test(pathname) ? 120_000 : 30_000 }

export interface Cloud {
  readonly auth: SupabaseClient['auth']
  /** Asks `auth` for something. @throws AccountError when it is refused */
  callAuth<T extends { error: AuthError | null }>(
    work: () => Promise<T>,
  ): Promise<Extract<T, { error: null }>>
  /** Calls a function of the database as the person. @throws AccountError */
  rpc(name: string, args?: object): Promise<unknown>
  /** Calls an HTTP function as the person. @throws AccountError */
  call(method: string, path: string, body?: object): Promise<unknown>
  /** What an HTTP function answers, as it comes. Settles when that begins. @throws AccountError */
  stream(path: string): Promise<ReadableStream<Uint8Array>>
  /** Address of an HTTP function. */
  functionUrl(path: string): string
  /** Someone was signed in when the app was last used. */
  hasSession(): boolean
  /** No token of it stays on this machine. */
  forgetSession(): void
  /** Before asking: the HTTP client would refuse, libraries try again and again. @throws AccountError */
  requireOnline(): void
  close(): void
}

export function openCloud(
  config: CloudConfig,
  { http, secrets, offline }: { http: HttpClient; secrets: Secrets; offline(): boolean },
): Cloud {
  const send = httpFetch(http, purposeOf, boundsOf)
  const client = createClient(config.url, config.key, {
    auth: {
      flowType: 'pkce',
      // A token is renewed when something is to be said, not by a clock that goes on asking.
      autoRefreshToken: false,
      detectSessionInUrl: false,
      storageKey: sessionKey,
      storage: {
        getItem: name => secrets.get(name) ?? null,
        setItem: (name, value) => secrets.set(name, value),
        removeItem: name => secrets.remove(name),
      },
    },
    global: { fetch: send },
  })
  const { auth } = client
  const functionUrl = (path: string) => `${config.url}/functions/v1/account${path}`

  const requireOnline = () => {
    if (offline()) throw offlineError()
  }

  async function callAuth<T extends { error: AuthError | null }>(work: () => Promise<T>) {
    requireOnline()
    const answer = await work().catch(error => {
      // The library reads fields of whatever it was sent, also of `null`.
      throw error instanceof TypeError ? notUnderstood() : error
    })
    if (answer.error) throw toAccountError(answer.error)
    return answer as Extract<T, { error: null }>
  }

  /** Once more with a fresh token when the first was refused: this machine's clock may be wrong. */
  async function withToken<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AccountError) || error.code !== 'unauthorized') throw error
      await callAuth(() => auth.refreshSession()).catch(async refused => {
        throw await reasonOf(refused)
      })
      return work()
    }
  }

  /** A refused renewal does not say whether the session was ended or nobody is there any more. */
  async function reasonOf(refused: unknown): Promise<unknown> {
    if (!(refused instanceof AccountError) || !sessionEndedCodes.has(refused.code)) return refused
    const said = await callAuth(() => auth.getUser()).catch((error: unknown) => error)
    return said instanceof AccountError && said.code === 'user_not_found' ? said : refused
  }

  async function request(
    method: string,
    path: string,
    body?: object,
    more?: Pick<HttpRequest, 'onPart' | 'signal'>,
  ): Promise<Response> {
    const { data } = await callAuth(() => auth.getSession())
    if (!data.session) throw new AccountError('session_not_found', 'Sign in first.')
    const answer = await send(functionUrl(path), {
      method,
      headers: {
        apikey: config.key,
        authorization: `Bearer ${data.session.access_token}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      body: body && JSON.stringify(body),
      ...more,
    }).catch(error => {
      throw error instanceof NetworkError ? toAccountError(error) : error
    })
    if (!answer.ok) throw await problemOf(answer)
    return answer
  }

  return {
    auth,
    callAuth,
    functionUrl,
    requireOnline,
    rpc: (name, args = {}) =>
      withToken(async () => {
        const { data, error, status } = await client.rpc(name, args).then(
          answer => answer,
          error => {
            throw toAccountError(error)
          },
        )
        if (!error) return data
        if (status === 401) throw new AccountError('unauthorized', error.message)
        throw refusal(error, status)
      }),
    call: (method, path, body) =>
      withToken(async () => {
        const answer = await request(method, path, body)
        if (answer.status === 204) return undefined
        return answer.json().catch(() => {
          throw notUnderstood()
        })
      }),
    stream: path =>
      new Promise((begun, refused) => {
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
        const writer = writable.getWriter()
        const unread = new AbortController()
        writer.closed.catch(() => unread.abort())
        const onPart = (part: Uint8Array) => {
          begun(readable)
          return writer.write(part)
        }
        withToken(() => request('GET', path, undefined, { onPart, signal: unread.signal }))
          .then(() => {
            begun(readable)
            return writer.close()
          })
          .catch(error => {
            refused(error)
            return writer.abort(error)
          })
          .catch(() => {})
      }),
    hasSession: () => secrets.get(sessionKey) !== undefined,
    forgetSession: () => {
      for (const suffix of sessionKeySuffixes) secrets.remove(sessionKey + suffix)
    },
    close: () => void auth.stopAutoRefresh(),
  }
}

/** What the database refused: `PT4xx` with words of ours, and `{code, …more}` as detail. */
function refusal(
  error: { code: string; message: string; details: string | null },
  status: number,
): AccountError {
  if (!error.code?.startsWith('PT')) return toAccountError({ ...error, status })
  const detail = parseJson(error.details) as { code?: string } | undefined
  return new AccountError(detail?.code ?? error.code, error.message, detail)
}

async function problemOf(answer: Response): Promise<AccountError> {
  const problem = parseJson(await answer.text()) as
    | { code?: string; title?: string; detail?: string }
    | undefined
  if (answer.status === 401) return new AccountError('unauthorized', 'Sign in again.')
  if (typeof problem?.code === 'string')
    return toAccountError({ code: problem.code, message: String(problem.detail ?? problem.title) })
  const message = `The account’s cloud answered ${answer.status}.`
  return toAccountError({ code: `http_${answer.status}`, message, status: answer.status })
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch {
    return undefined
  }
}
