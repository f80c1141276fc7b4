// A cloud that answers anything: the app stays alive, says so, and goes on with what it holds.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createHttpClient } from '../host/http-client.ts'
import { fileSecrets, type Secrets } from '../host/secrets.ts'
import { openStore, type Store } from '../store/store.ts'
import { type OpenAccount, openAccount } from './account.ts'

const userId = '2b8c6e0a-6b0a-4d55-9a6e-0d3c0b7f8f10'
const time = '2026-11-22T10:00:00+00:00'
const plan = {
  id: 'free',
  name: 'Free',
  description: '',
  priceCents: 0,
  currency: 'eur',
  interval: null,
  trialWorkflows: 50,
  monthlyWorkflows: null,
  storageBytes: 5000,
  aiGenerations: 0,
  pastDueGraceDays: 7,
  leaseUnits: 5,
  offlineGrace: 10,
}
const usage = { kind: 'trial', periodStart: time, periodEnd: null, used: 0, limit: 50 }
const user = { id: userId, aud: 'authenticated', email: 'ann@example.test', app_metadata: {} }
const sessionOf = (n: number) => ({
  access_token: `access-${n}`,
  refresh_token: `refresh-${n}`,
  token_type: 'bearer',
  expires_in: 3600,
  user: user,
})
const accountAnswer = {
  profile: {
    id: userId,
    email: user.email,
    emailVerified: true,
    displayName: null,
    createdAt: time,
    suspended: null,
  },
  plan: plan,
  plans: [plan],
  subscription: null,
  usage: usage,
  storage: { usedBytes: 0, limitBytes: 5000, workflows: 0 },
  mail: { productNews: false, usageAlerts: true },
  deletion: null,
  identities: [{ provider: 'email' }],
  devices: [],
  invoices: [],
}
const syncAnswer = {
  accepted: 0,
  duplicate: 0,
  lease: { id: '7f0a9a52-52d2-4a3b-b0a1-6b9a5d9c1d11', units: 5, used: 0 },
  usage: usage,
  limitReached: false,
}

type Answer = (response: ServerResponse) => void
const json =
  (value: unknown, status = 200): Answer =>
  response => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(typeof value === 'string' ? value : JSON.stringify(value))
  }

let sessions = 0
const goodAnswers: Record<string, () => Answer> = {
  '/auth/v1/token': () => json(sessionOf(++sessions)),
  '/auth/v1/verify': () => json(sessionOf(++sessions)),
  '/auth/v1/user': () => json(user),
  '/auth/v1/logout': () => json({}),
  '/rest/v1/rpc/my_account': () => json(accountAnswer),
  '/functions/v1/account/usage/sync': () => json(syncAnswer),
}

let dir: string
let store: Store
let secrets: Secrets
let account: OpenAccount
let asked: string[]
/** Instead of the good answer, by path or for all (`*`). */
let instead: Record<string, Answer>
let end: () => void

beforeEach(async () => {
  asked = []
  instead = {}
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://cloud')
    asked.push(pathname)
    const answer = instead[pathname] ?? instead['*'] ?? goodAnswers[pathname]?.() ?? json({}, 404)
    answer(response)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  dir = mkdtempSync(join(tmpdir(), 'bad-cloud-'))
  store = openStore(join(dir, 'comfyrunner.db'))
  secrets = fileSecrets(join(dir, 'secrets'))
  account = openAccount({
    config: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key: 'k' },
    secrets,
    http: createHttpClient(store.ledger, () => false),
    store,
    device: { id: '0e0f6a3e-6c3d-4b26-9d2a-5f1f6cf3e001', name: 'desk' },
    changed: () => {},
    workflowsChanged: () => {},
  })
  end = () => {
    account.close()
    server.closeAllConnections()
    server.close()
    store.close()
    rmSync(dir, { recursive: true, force: true })
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  end()
})

const enter = () => account.signIn.withPassword(user.email, 'a long password')
const use = (n: number) => {
  for (let i = 0; i < n; i++) store.usage.count(userId, crypto.randomUUID(), 'workflow', Date.now())
}

const page: Answer = response => {
  response.writeHead(200, { 'content-type': 'text/html' })
  response.end(`<!doctype html><html><h1>Welcome to the hotel</h1>${'x'.repeat(5000)}</html>`)
}
const garbage: [string, Answer][] = [
  ['a hotel’s page', page],
  ['half of a JSON', json('{"profile": {"id": ')],
  ['null', json('null')],
  ['a list', json([1, 2, 3])],
  ['another shape', json({ profile: 'x', usage: { used: 'NaN' }, lease: { units: -1 } })],
  ['numbers out of bounds', json('{"lease":{"id":"x","units":1e999,"used":-1e999}}')],
  ['a proxy’s error', response => response.writeHead(502).end('<html>Bad gateway</html>')],
  ['an error of pages', json(JSON.stringify({ message: '<html>'.repeat(9999) }), 400)],
  ['somewhere else', response => response.writeHead(302, { location: 'http://[::1]:9/' }).end()],
  ['a cut line', response => response.destroy()],
  ['too much', response => void response.write('"'.padEnd(11 * 2 ** 20, 'x'))],
]

test.each(garbage)(
  '%s: said in a sentence, what was heard stays, runs go on',
  async (_, answer) => {
    await enter()
    // Auth still answers, the rest does not.
    for (const path of ['/rest/v1/rpc/my_account', '/functions/v1/account/usage/sync'])
      instead[path] = answer
    const one = await account.refresh()
    expect(one).toMatchObject({
      state: 'signedIn',
      reachable: false,
      details: { email: user.email },
    })
    expect(one.why!.length).toBeLessThan(300)
    expect(one.why).toMatch(/goes on/)
    expect(one.why).not.toMatch(/[<{]|JSON|token/)
    expect(await account.checkAllowance()).toBeUndefined()
    // Nothing does.
    instead['*'] = answer
    const two = await account.refresh()
    expect(two).toMatchObject({ state: 'signedIn', reachable: false })
    expect(two.why).toMatch(/goes on/)
    use(5)
    expect((await account.checkAllowance())?.code).toBe('allowance_unreachable')
    // And then it does again: nothing was lost.
    instead = {}
    expect(await account.refresh()).toMatchObject({ state: 'signedIn', reachable: true })
  },
)

test('a session begins once, whether its event or who signed in comes first', async () => {
  const begun = async (work: () => Promise<void>) => {
    asked = []
    await work()
    await new Promise(resolve => setTimeout(resolve, 50))
    return asked.filter(path => /my_account|sync/.test(path))
  }
  const once = [
    '/rest/v1/rpc/my_account',
    '/functions/v1/account/usage/sync',
    '/rest/v1/rpc/my_account',
  ]
  expect(await begun(enter)).toEqual(once)
  await account.signOut(false)
  expect(await begun(() => account.signIn.verify(user.email, '123456'))).toEqual(once)
  await account.signOut(false)
  expect(await begun(enter)).toEqual(once)
})

describe('an export', () => {
  const path = '/functions/v1/account/export'
  const megabyte = 2 ** 20

  test('comes as it is read, and whoever stops reading ends it', async () => {
    await enter()
    let sent = 0
    let ended = false
    instead[path] = response => {
      const write = () => {
        while (!response.destroyed && response.write(Buffer.alloc(megabyte))) sent++
        sent++
      }
      response.on('drain', write).on('close', () => {
        ended = true
      })
      write()
    }
    const reader = (await account.exportData()).getReader()
    expect((await reader.read()).value!.length).toBeGreaterThan(0)
    await new Promise(resolve => setTimeout(resolve, 200))
    // What the system's sockets hold, and no more.
    expect(sent).toBeLessThan(40)
    await reader.cancel()
    await vi.waitFor(() => expect(ended).toBe(true))
    expect(account.state()).toMatchObject({ state: 'signedIn', reachable: true })
  })

  test('that breaks off does not end as if it were whole', async () => {
    await enter()
    instead[path] = response => {
      response.write('PK')
      setTimeout(() => response.destroy(), 20)
    }
    const reader = (await account.exportData()).getReader()
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('PK')
    await expect(reader.read()).rejects.toThrow(/cannot be reached/)
  })

  test('that is refused says why, and an old token is renewed first', async () => {
    await enter()
    let asks = 0
    instead[path] = response => json(asks++ ? 'PK' : {}, asks > 1 ? 200 : 401)(response)
    expect(await new Response(await account.exportData()).text()).toBe('PK')
    const limited = { code: 'rate_limited', detail: 'Too many requests. Try again in 9 s.' }
    instead[path] = json(limited, 429)
    await expect(account.exportData()).rejects.toThrow('Try again in 9 s.')
  })
})

test('a page to pay on is a page of the web', async () => {
  await enter()
  for (const url of [
    'javascript:alert(1)',
    'file:///etc/passwd',
    'http://evil.example/',
    7,
    null,
  ]) {
    instead['/functions/v1/account/checkout'] = json({ url })
    await expect(account.checkout('plus')).rejects.toThrow(/goes on/)
  }
  instead['/functions/v1/account/checkout'] = json({ url: 'https://pay.example/1' })
  expect(await account.checkout('plus')).toEqual({ url: 'https://pay.example/1' })
})

test('signed out while an answer is under way: nobody is signed in by it', async () => {
  await enter()
  let late: (() => void) | undefined
  instead['/rest/v1/rpc/my_account'] = response => {
    late = () => json(accountAnswer)(response)
  }
  const refreshing = account.refresh()
  while (!late) await new Promise(resolve => setTimeout(resolve, 5))
  await account.signOut(false)
  late()
  await refreshing
  expect(account.state()).toMatchObject({ state: 'signedOut', details: undefined })
  expect(store.settings.account('user') ?? null).toBeNull()
  expect(secrets.get('account.session')).toBeUndefined()
  asked = []
  await account.refresh()
  expect(asked).toEqual([])
})

test('a cloud that never answers does not keep anybody from signing out here', async () => {
  await enter()
  instead['*'] = () => {}
  const began = Date.now()
  await account.signOut(false)
  expect(Date.now() - began).toBeLessThan(15_000)
  expect(account.state().state).toBe('signedOut')
  expect(secrets.get('account.session')).toBeUndefined()
}, 20_000)

test('“everywhere” is not said where only this device heard of it', async () => {
  await enter()
  instead['*'] = response => response.destroy()
  await expect(account.signOut(true)).rejects.toThrow('still signed in')
  expect(account.state().state).toBe('signedIn')
})

test('an ended session is asked for no more, and leaves no timer that asks', async () => {
  await enter()
  // As an hour later: the token is over, and so is the session.
  const stored = JSON.parse(secrets.get('account.session')!)
  secrets.set('account.session', JSON.stringify({ ...stored, expires_at: 1000 }))
  instead['/auth/v1/token'] = json({ code: 'session_expired', message: 'Session Expired' }, 400)
  await account.refresh()
  expect(account.state().state).toBe('expired')
  asked = []
  await account.refresh()
  expect((await account.checkAllowance())?.code).toBeUndefined()
  use(5)
  expect((await account.checkAllowance())?.code).toBe('sign_in_again')
  expect(asked).toEqual([])
})

const userPath = '/auth/v1/user'

test('Auth is asked once whether a session stands', async () => {
  await enter()
  await account.refresh()
  asked = []
  instead[userPath] = json({ error_code: 'session_not_found', msg: 'x' }, 403)
  expect((await account.refresh()).state).toBe('expired')
  expect(asked.filter(path => path === userPath)).toHaveLength(1)
})

test('a refused call whose token cannot be renewed: Auth says whether anybody is there', async () => {
  await enter()
  instead['/rest/v1/rpc/update_profile'] = json({ message: 'JWT expired' }, 401)
  instead['/auth/v1/token'] = json({ error_code: 'refresh_token_not_found', msg: 'x' }, 400)
  instead[userPath] = json({ error_code: 'user_not_found', msg: 'x' }, 403)
  await expect(account.rename('Ann')).rejects.toThrow('no longer exists')
  expect(account.state()).toMatchObject({ state: 'signedOut', details: undefined })
  expect(account.state().why).toContain('no longer exists')
})

test('a mistake of ours is not told as a hotel’s network', async () => {
  await enter()
  instead['/rest/v1/rpc/update_profile'] = json('null')
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.spyOn(store.settings, 'setAccount').mockImplementation(() => {
    throw new TypeError('x is not a function')
  })
  await expect(account.rename('Ann')).rejects.toThrow(TypeError)
  expect(logged).toHaveBeenCalledOnce()
  expect(account.state()).toMatchObject({ state: 'signedIn', reachable: true })
})

test('a refused new password leaves nobody half signed in', async () => {
  instead['/auth/v1/user'] = json(
    { code: 'weak_password', message: 'Too weak', weak_password: { reasons: ['length'] } },
    422,
  )
  await expect(account.signIn.reset(user.email, '123456', 'short')).rejects.toThrow('another code')
  expect(secrets.get('account.session')).toBeUndefined()
  expect(account.state().state).toBe('signedOut')
})

test('offline, with a token that is over: said at once, nothing tried', async () => {
  await enter()
  account.close()
  const stored = JSON.parse(secrets.get('account.session')!)
  secrets.set('account.session', JSON.stringify({ ...stored, expires_at: 1000 }))
  store.settings.change({ offline: true })
  account = openAccount({
    config: { url: 'https://cloud.invalid', key: 'k' },
    secrets,
    http: createHttpClient(store.ledger, () => true),
    store,
    device: { id: '0e0f6a3e-6c3d-4b26-9d2a-5f1f6cf3e001', name: 'desk' },
    changed: () => {},
    workflowsChanged: () => {},
  })
  const before = store.ledger.list(1000).length
  const began = Date.now()
  expect(await account.refresh()).toMatchObject({
    state: 'signedIn',
    reachable: false,
    why: expect.stringMatching(/^Offline/),
  })
  expect(await account.checkAllowance()).toBeUndefined()
  use(5)
  expect((await account.checkAllowance())?.code).toBe('allowance_unreachable')
  await expect(account.workflows.list()).rejects.toThrow(/^Offline/)
  await expect(enter()).rejects.toThrow(/^Offline/)
  await account.signOut(false)
  expect(account.state().state).toBe('signedOut')
  expect(Date.now() - began).toBeLessThan(3000)
  // auth-js looks once when it starts; the door refused it.
  const since = store.ledger.list(1000).slice(0, -before)
  expect(since.filter(({ refused }) => !refused)).toEqual([])
  expect(since.length).toBeLessThanOrEqual(2)
})

test('no token in the database, the ledger or the notices', async () => {
  await enter()
  instead['*'] = json({ message: 'access-1 refresh-1', code: 'x' }, 400)
  await account.refresh()
  store.settings.account('heard')
  const bytes = ['', '-wal'].map(more => readFileSync(join(dir, `comfyrunner.db${more}`), 'latin1'))
  expect(bytes.join('')).not.toMatch(/access-\d|refresh-\d/)
})
