// Every route: who may call it, what it refuses, how often it lets one call.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Fixture, startFixture, testSecrets } from './fixture.ts'

let cloud: Fixture
beforeAll(async () => {
  cloud = await startFixture()
})
afterAll(() => cloud?.stop())

const code = async (answer: Response) => ({
  status: answer.status,
  code: (await answer.json()).code,
})

/** Routes for signed-in people, with a body that is good, and how often one may call them. */
const personalRoutes: [method: string, path: string, good: unknown, calls: number][] = [
  ['POST', '/checkout', { planId: 'plus' }, 20],
  ['POST', '/portal', { flow: 'manage' }, 20],
  ['POST', '/usage/sync', { device: randomUUID() }, 120],
  ['GET', '/export', undefined, 5],
  ['POST', '/deletion', undefined, 10],
  ['DELETE', '/deletion', undefined, 10],
]

describe.each(personalRoutes)('%s %s', (method, path, body, calls) => {
  test('nobody', async () => {
    const answer = await cloud.call(method, path, { body })
    expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    expect(await code(answer)).toEqual({ status: 401, code: 'signed_out' })
  })

  test('a session that has ended', async () => {
    const { id } = await cloud.person()
    const token = await cloud.token(id, { expiresInS: -60 })
    expect(await code(await cloud.call(method, path, { token, body }))).toEqual({
      status: 401,
      code: 'session_expired',
    })
  })

  test.each([
    ['the key of the service', { role: 'service_role' }],
    ['a visitor', { role: 'anon' }],
    ['another project’s person', { issuer: 'https://other.test/auth/v1' }],
  ])('%s', async (_who, claims) => {
    const { id } = await cloud.person()
    const token = await cloud.token(id, claims)
    expect(await code(await cloud.call(method, path, { token, body }))).toEqual({
      status: 401,
      code: 'bad_token',
    })
  })

  test('a token that somebody changed', async () => {
    const [mine, other] = [await cloud.person(), await cloud.person()]
    const [head, , signature] = mine.token.split('.')
    const token = [head, other.token.split('.')[1], signature].join('.')
    expect(await code(await cloud.call(method, path, { token, body }))).toEqual({
      status: 401,
      code: 'bad_token',
    })
  })

  test('too often', async () => {
    const { token } = await cloud.person()
    const key = (id: string) => `http:${path.slice(1).split('/')[0]}:${id}`
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString())
    // As if all of this window's calls but one had been made.
    await cloud.database.sql`
      select app.take_rate(${key(claims.sub)}, ${calls}, ${path === '/export' ? 300 : 60})
      from generate_series(1, ${calls - 1})`
    const last = await cloud.call(method, path, { token, body })
    expect(last.status).not.toBe(429)
    if (last.ok) expect(last.headers.get('ratelimit-remaining')).toBe('0')
    const refused = await cloud.call(method, path, { token, body })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('ratelimit-limit')).toBe(String(calls))
    expect(await code(refused)).toEqual({ status: 429, code: 'rate_limited' })
    const another = await cloud.person()
    expect((await cloud.call(method, path, { token: another.token, body })).status).not.toBe(429)
  })
})

test.each([
  ['/checkout', { planId: 7 }],
  ['/checkout', { planId: 'plus', price: 1 }],
  ['/checkout', undefined],
  ['/portal', { flow: 'steal' }],
  ['/usage/sync', {}],
  ['/usage/sync', { device: 'not a uuid' }],
  ['/usage/sync', { device: randomUUID(), want: -1 }],
  [
    '/usage/sync',
    {
      device: randomUUID(),
      events: [{ id: randomUUID(), kind: 'theft', occurredAt: '2026-01-01T00:00:00Z' }],
    },
  ],
  [
    '/usage/sync',
    { device: randomUUID(), events: [{ id: randomUUID(), kind: 'workflow', occurredAt: 'today' }] },
  ],
])('POST %s with %j is a bad request', async (path, body) => {
  const { token } = await cloud.person()
  const answer = await cloud.call('POST', path, { token, body })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const problem = await answer.json()
  expect(problem).toMatchObject({
    status: 400,
    code: 'invalid_request',
    type: 'urn:comfyrunner:problem:invalid_request',
    title: 'Bad request',
  })
  expect(problem.requestId).toBe(answer.headers.get('x-request-id'))
})

test('while Auth does not answer nobody is signed out: 503', async () => {
  const { token } = await cloud.person()
  for (const broken of [
    () => Response.json({}, { status: 500 }),
    () => Response.json({ keys: 'none' }),
    () => Promise.reject(new TypeError('fetch failed')),
  ]) {
    const functions = cloud.another(broken)
    const answer = await functions.fetch(
      new Request('http://127.0.0.1/functions/v1/account/export', {
        headers: { authorization: `Bearer ${token}` },
      }),
    )
    expect(await code(answer)).toEqual({ status: 503, code: 'unavailable' })
    await functions.stop()
  }
})

test('a body that is no JSON is a bad request', async () => {
  const { token } = await cloud.person()
  const answer = await cloud.call('POST', '/checkout', {
    token,
    raw: '{"planId":',
    headers: { 'content-type': 'application/json' },
  })
  expect(answer.status).toBe(400)
})

test('more than 1 MB is not read', async () => {
  const { token } = await cloud.person()
  const answer = await cloud.call('POST', '/usage/sync', {
    token,
    body: { device: 'x'.repeat(2 ** 20) },
  })
  expect(await code(answer)).toEqual({ status: 413, code: 'too_large' })
})

describe('usage/sync', () => {
  test('counts once, as the person who asks', async () => {
    const [mine, other] = [await cloud.person(), await cloud.person()]
    const device = randomUUID()
    const begun = await (
      await cloud.call('POST', '/usage/sync', { token: mine.token, body: { device, want: 5 } })
    ).json()
    expect(begun.lease.units).toBe(5)
    const events = [
      {
        id: randomUUID(),
        lease: begun.lease.id,
        kind: 'workflow',
        occurredAt: '2026-11-22T10:00:00Z',
      },
    ]
    const sync = () =>
      cloud.call('POST', '/usage/sync', { token: mine.token, body: { device, events } })
    expect(await (await sync()).json()).toMatchObject({
      accepted: 1,
      duplicate: 0,
      usage: { used: 1, limit: 50 },
    })
    expect(await (await sync()).json()).toMatchObject({
      accepted: 0,
      duplicate: 1,
      usage: { used: 1 },
    })
    const stranger = await cloud.call('POST', '/usage/sync', {
      token: other.token,
      body: { device, want: 0 },
    })
    expect(await stranger.json()).toMatchObject({ usage: { used: 0 } })
  })

  test('passes on what the database refuses, in its words', async () => {
    const unverified = await cloud.person({ verified: false })
    const answer = await cloud.call('POST', '/usage/sync', {
      token: unverified.token,
      body: { device: randomUUID() },
    })
    expect(await answer.json()).toMatchObject({
      status: 403,
      code: 'unverified',
      detail: 'Confirm your e-mail address first.',
    })
    const suspended = await cloud.person()
    await cloud.database.sql`select app.suspend(${suspended.id}, 'abuse')`
    const refused = await cloud.call('POST', '/usage/sync', {
      token: suspended.token,
      body: { device: randomUUID() },
    })
    expect(await refused.json()).toMatchObject({ status: 403, code: 'suspended', reason: 'abuse' })
  })

  test('tells once by mail when 80 % are used, and once when all are; not who opted out', async () => {
    const [mine, quiet] = [await cloud.person(), await cloud.person()]
    await cloud.database
      .sql`update public.mail_preferences set usage_alerts = false where user_id = ${quiet.id}`
    const run = async (person: typeof mine, runs: number) => {
      const device = randomUUID()
      for (let done = 0; done < runs; ) {
        const { lease } = await (
          await cloud.call('POST', '/usage/sync', {
            token: person.token,
            body: { device, want: 5 },
          })
        ).json()
        const events = Array.from({ length: Math.min(5, runs - done) }, () => ({
          id: randomUUID(),
          lease: lease.id,
          kind: 'workflow',
          occurredAt: new Date().toISOString(),
        }))
        await cloud.call('POST', '/usage/sync', { token: person.token, body: { device, events } })
        done += events.length
      }
    }
    await run(quiet, 50)
    await run(mine, 39)
    const to = (person: typeof mine) =>
      cloud.mails.filter(mail => mail.to === person.email && mail.template.startsWith('quota'))
    expect(to(mine)).toEqual([])
    await run(mine, 3)
    expect(to(mine).map(mail => mail.template)).toEqual(['quota-warning'])
    await run(mine, 8)
    expect(to(mine).map(mail => mail.template)).toEqual(['quota-warning', 'quota-reached'])
    expect(to(quiet)).toEqual([])
    expect((await cloud.cron('reminders')).quotas).toBe(0)
    expect(to(mine).length).toBe(2)
  })
})

describe('unsubscribe', () => {
  test('one press, without a sign-in, for one person and one list', async () => {
    const [mine, other] = [await cloud.person(), await cloud.person()]
    await cloud.database.sql`
      insert into public.usage_periods (user_id, kind, period_start, workflows)
      select id, 'trial', created_at, 45 from public.profiles where id = ${mine.id}`
    await cloud.cron('reminders')
    const mail = cloud.mails.find(
      ({ to, template }) => to === mine.email && template === 'quota-warning',
    )!
    expect(mail.headers['List-Unsubscribe-Post']).toBe('List-Unsubscribe=One-Click')
    const link = /^<(.+)>$/.exec(mail.headers['List-Unsubscribe']!)![1]!
    expect(mail.html).toContain(link.replaceAll('&', '&amp;'))
    expect(link).not.toContain(mine.email)
    const path = link.slice(link.indexOf('/unsubscribe'))
    const alerts = async (id: string) =>
      (
        await cloud.database
          .sql`select usage_alerts from public.mail_preferences where user_id = ${id}`
      )[0]!.usage_alerts

    expect((await cloud.call('GET', path)).status).toBe(200)
    expect(await alerts(mine.id)).toBe(true)
    const forged = path.replace(mine.id, other.id)
    expect(await code(await cloud.call('POST', forged))).toEqual({ status: 403, code: 'bad_link' })
    expect((await cloud.call('POST', path)).status).toBe(200)
    expect(await alerts(mine.id)).toBe(false)
    expect(await alerts(other.id)).toBe(true)
    expect(await code(await cloud.call('POST', '/unsubscribe?person=x'))).toEqual({
      status: 400,
      code: 'invalid_request',
    })
  })
})

describe('shared workflows', () => {
  test('open by their token alone, until it is taken back', async () => {
    const { id } = await cloud.person()
    const { asUser } = cloud.database
    const document = '{"version":1,"nodes":[]}'
    const [saved] = await asUser(id, 'select public.save_workflow($1, $2) as made', [
      'Mine',
      document,
    ])
    const [shared] = await asUser(id, 'select public.share_workflow($1) as token', [saved!.made.id])
    const answer = await cloud.call('GET', `/shared/${shared!.token}`)
    expect(await answer.json()).toEqual({ name: 'Mine', document })
    await asUser(id, 'select public.unshare_workflow($1)', [saved!.made.id])
    expect(await code(await cloud.call('GET', `/shared/${shared!.token}`))).toEqual({
      status: 404,
      code: 'not_shared',
    })
  })

  test('opened in a browser, the link leads into the app and shows nothing of the workflow', async () => {
    const token = 'b'.repeat(32)
    const headers = { accept: 'text/html,application/xhtml+xml' }
    const answer = await cloud.call('GET', `/shared/${token}`, { headers })
    expect(answer.headers.get('content-type')).toContain('text/html')
    expect(await answer.text()).toContain(`href="comfyrunner://shared/${token}"`)
    for (const bad of ['a"><script>alert(1)</script>', `${'a'.repeat(20)}%00`, '../'.repeat(9)])
      expect((await cloud.call('GET', `/shared/${encodeURIComponent(bad)}`)).status).toBe(400)
  })

  test('are not to be guessed: 60 tries a minute from one address', async () => {
    const open = (headers: Record<string, string>) =>
      cloud.call('GET', `/shared/${'x'.repeat(32)}`, { headers })
    const here = { 'cf-connecting-ip': '192.0.2.7' }
    await cloud.database
      .sql`select app.take_rate('http:shared:192.0.2.7', 60, 60) from generate_series(1, 60)`
    const refused = await open(here)
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    // Nobody gets a fresh allowance by naming another address.
    for (const name of ['x-forwarded-for', 'x-real-ip', 'forwarded', 'true-client-ip'])
      expect((await open({ ...here, [name]: '198.51.100.9' })).status, name).toBe(429)
    expect((await open({ 'cf-connecting-ip': '192.0.2.8' })).status).toBe(404)
    const rows = await cloud.database.sql`select key from app.rate_limits`
    expect(rows.map(({ key }) => key).join()).not.toMatch(/192\.0\.2/)
  })
})

describe('the schedule', () => {
  test.each([undefined, 'wrong', `${testSecrets.CRON_SECRET}x`])(
    'needs its secret, not %s',
    async token => {
      expect(await code(await cloud.call('POST', '/cron/periods', { token }))).toEqual({
        status: 401,
        code: 'bad_token',
      })
    },
  )

  test('knows its tasks', async () => {
    expect(
      (await cloud.call('POST', '/cron/everything', { token: testSecrets.CRON_SECRET })).status,
    ).toBe(400)
    for (const task of ['periods', 'retention', 'reminders', 'reconcile', 'erase'])
      expect(await cloud.cron(task)).toBeTypeOf('object')
  })
})

test('the document lists every route, as OpenAPI 3.1', async () => {
  const document = await (await cloud.call('GET', '/openapi.json')).json()
  expect(document.openapi).toBe('3.1.0')
  const routes = Object.entries(document.paths as Record<string, object>).flatMap(
    ([path, methods]) => Object.keys(methods).map(method => `${method.toUpperCase()} ${path}`),
  )
  expect(routes.sort()).toMatchInlineSnapshot(`
    [
      "DELETE /account/deletion",
      "GET /account/export",
      "GET /account/health",
      "GET /account/return",
      "GET /account/shared/{token}",
      "GET /account/unsubscribe",
      "POST /account/checkout",
      "POST /account/cron/{task}",
      "POST /account/deletion",
      "POST /account/hooks/send-email",
      "POST /account/portal",
      "POST /account/stripe/webhook",
      "POST /account/unsubscribe",
      "POST /account/usage/sync",
    ]
  `)
  for (const [, path] of personalRoutes)
    for (const route of Object.values(
      document.paths[`/account${path}`] as Record<string, { security: unknown }>,
    ))
      expect(route.security).toEqual([{ person: [] }])
})

test('what a stranger gets is what the document says: statuses, headers, names', async () => {
  const document = await (await cloud.call('GET', '/openapi.json')).json()
  const { token } = await cloud.person()
  const json = { 'content-type': 'application/json' }
  const big = 'x'.repeat(1_100_000)
  const probes: [string, string, object, number][] = [
    ['POST', '/checkout', { raw: '{', headers: json }, 400],
    ['POST', '/checkout', { raw: '{"planId":"plus"}', headers: { 'content-type': 'text/x' } }, 415],
    ['POST', '/checkout', { body: { planId: 'gold' } }, 404],
    ['POST', '/checkout', { body: { planId: 'plus' } }, 200],
    ['POST', '/portal', { body: { flow: 'cancel' } }, 409],
    ['POST', '/usage/sync', { raw: big, headers: json }, 413],
    ['POST', '/usage/sync', { body: { device: randomUUID() } }, 200],
    ['GET', '/shared/{token}', {}, 404],
    ['DELETE', '/deletion', {}, 204],
    ['GET', '/health', {}, 200],
  ]
  for (const [method, path, options, status] of probes) {
    const answer = await cloud.call(method, path.replace('{token}', 'x'.repeat(20)), {
      token,
      ...options,
    })
    const probe = `${method} ${path} ${JSON.stringify(options).slice(0, 60)}`
    expect(answer.status, probe).toBe(status)
    const { responses } = document.paths[`/account${path}`][method.toLowerCase()]
    const promised = Object.keys(responses[status].headers ?? {})
    expect(Object.keys(responses), probe).toContain(String(status))
    // Too large is refused before anything is counted.
    if (status !== 413)
      for (const name of promised) expect(answer.headers.has(name), probe).toBe(true)
    if (status < 400) continue
    const problem = await answer.json()
    expect(problem).toMatchObject({ status, requestId: answer.headers.get('x-request-id') })
    expect(problem.title, probe).not.toBe('Error')
    expect(problem.detail, probe).toMatch(/^[A-Za-z].*[.]$/s)
  }
  const operations = Object.values(document.paths as Record<string, object>).flatMap(methods =>
    Object.values(methods as Record<string, { operationId: string; responses: object }>),
  )
  const names = operations.map(({ operationId }) => operationId)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toContain('postUsageSync')
  for (const { responses } of operations) expect(Object.keys(responses)).toContain('500')
})

test('no other site may call, and nothing is cached', async () => {
  const { token } = await cloud.person()
  const headers = { origin: 'https://evil.test' }
  const answer = await cloud.call('GET', '/health', { token, headers })
  expect(answer.status).toBe(200)
  expect([...answer.headers.keys()].filter(name => name.startsWith('access-control'))).toEqual([])
  expect(answer.headers.get('cache-control')).toBe('no-store')
  const asked = await cloud.call('OPTIONS', '/checkout', {
    headers: { ...headers, 'access-control-request-method': 'POST' },
  })
  expect(asked.status).toBe(404)
  expect(asked.headers.get('access-control-allow-origin')).toBeNull()
})

test('the way back from Stripe is a page, and shows nothing of what came in', async () => {
  const answer = await cloud.call('GET', '/return?result=%3Cscript%3E')
  const text = await answer.text()
  expect(answer.headers.get('content-type')).toContain('text/html')
  expect(text).toContain('You can go back to ComfyRunner')
  expect(text).toContain('comfyrunner://account?from=stripe')
  expect(text).not.toContain('<script')
})

test('logs say what happened, not to whom', async () => {
  const person = await cloud.person()
  await cloud.subscribe(person)
  await cloud.call('GET', `/shared/${'s'.repeat(32)}`)
  const text = cloud.logs.join('\n')
  expect(
    cloud.logs.map(line => JSON.parse(line)).findLast(({ route }) => route === '/account/checkout'),
  ).toMatchObject({
    event: 'request',
    method: 'POST',
    status: 200,
  })
  for (const secret of [
    person.id,
    person.email,
    person.token,
    's'.repeat(32),
    ...Object.values(testSecrets),
  ])
    expect(text).not.toContain(secret)
})

test('while the database is away the answer is 503, and afterwards all is well', async () => {
  const { token } = await cloud.person()
  const body = { device: randomUUID() }
  const restarted = cloud.database.restart()
  const statuses: number[] = []
  for (let tries = 0; tries < 100; tries += 1) {
    const answer = await cloud.call('POST', '/usage/sync', { token, body })
    statuses.push(answer.status)
    if (answer.status === 503) expect(answer.headers.get('retry-after')).toBe('5')
    if (answer.status === 200 && (await Promise.race([restarted.then(() => true), false]))) break
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await restarted
  expect(statuses.at(-1)).toBe(200)
  expect(new Set(statuses)).not.toContain(500)
})
