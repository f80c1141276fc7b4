// Auth through unmodified supabase-js: what the app does, and what must not work.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { goodPassword, onRealStack, openStack, type Stack, uniqueEmail } from './stack.ts'

const returnUrl = 'http://127.0.0.1:5555/account/return'

let stack: Stack
beforeAll(async () => {
  stack = await openStack()
})
afterAll(() => stack?.stop())

/** Opens a link as a browser does, up to where it leaves the cloud. */
async function follow(link: string): Promise<URL> {
  let address = link
  for (let hop = 0; hop < 5; hop++) {
    const response = await fetch(address, { redirect: 'manual' })
    const location = response.headers.get('location')
    if (!location) throw new Error(`${address} answered ${response.status}`)
    address = new URL(location, address).toString()
    if (address.startsWith('comfyrunner:') || address.startsWith(returnUrl)) return new URL(address)
  }
  throw new Error(`too many redirects: ${address}`)
}

const verifyLink = (mail: { links: string[] }) =>
  mail.links.find(link => link.includes('/auth/v1/verify'))!

const codeOf = (mail: { text: string }) =>
  /\b\d{6}\b/.exec(mail.text.replace(/https?:\S+/g, ''))![0]

const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${stack.url}/auth/v1${path}`, {
    method: 'POST',
    headers: { apikey: stack.publishableKey, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

describe('passwords', () => {
  test('a wrong password and an unknown address look the same', async () => {
    const { email } = await stack.person('wrong')
    const wrong = await stack.client().auth.signInWithPassword({ email, password: 'not-this-one' })
    const unknown = await stack
      .client()
      .auth.signInWithPassword({ email: uniqueEmail('nobody'), password: goodPassword })
    expect(wrong.error?.code).toBe('invalid_credentials')
    expect(unknown.error?.code).toBe('invalid_credentials')
    expect(unknown.error?.message).toBe(wrong.error?.message)
  })

  test('a weak password is refused with the reason', async () => {
    const { error } = await stack
      .client()
      .auth.signUp({ email: uniqueEmail('weak'), password: 'short' })
    expect(error).toMatchObject({ status: 422, code: 'weak_password', reasons: ['length'] })
  })

  test('an address that is none is refused', async () => {
    const { error } = await stack
      .client()
      .auth.signUp({ email: 'nonsense', password: goodPassword })
    expect(error).toMatchObject({ status: 400, code: 'validation_failed' })
  })

  test('a new password must be another, ends other sessions, and works', async () => {
    const { email, client } = await stack.person('change')
    const other = stack.client()
    await other.auth.signInWithPassword({ email, password: goodPassword })
    const same = await client.auth.updateUser({ password: goodPassword })
    expect(same.error?.code).toBe('same_password')
    const changed = await client.auth.updateUser({ password: 'another-password-2' })
    expect(changed.error).toBeNull()
    expect((await other.auth.getUser()).error?.name).toBe('AuthSessionMissingError')
    expect((await client.auth.getUser()).data.user?.email).toBe(email)
    const again = await other.auth.signInWithPassword({ email, password: 'another-password-2' })
    expect(again.error).toBeNull()
  })
})

describe('sessions', () => {
  test('access tokens are ES256, checked through the published key, and say how one signed in', async () => {
    const { id, client } = await stack.person('claims')
    const { data } = await client.auth.getClaims()
    expect(data?.header.alg).toBe('ES256')
    expect(data?.claims).toMatchObject({ sub: id, role: 'authenticated', aal: 'aal1' })
    const [method] = data!.claims.amr as { method: string; timestamp: number }[]
    expect(method!.method).toBe('password')
    expect(Math.abs(Date.now() / 1000 - method!.timestamp)).toBeLessThan(60)
  })

  test('a refresh gives a new token, and the lost answer may be asked for again', async () => {
    const { client } = await stack.person('refresh')
    const before = (await client.auth.getSession()).data.session!
    const after = (await client.auth.refreshSession()).data.session!
    expect(after.refresh_token).not.toBe(before.refresh_token)
    const again = await stack.client().auth.refreshSession(before)
    expect(again.data.session?.refresh_token).toBe(after.refresh_token)
    const amr = (token: string) =>
      JSON.parse(atob(token.split('.')[1]!.replace(/-/g, '+').replace(/_/g, '/'))).amr
    // Signing in was when it was, however often the token is exchanged.
    expect(amr(after.access_token)).toEqual(amr(before.access_token))
  })

  test('two windows that refresh at the same moment end with the same token', async () => {
    const { client } = await stack.person('windows')
    const session = (await client.auth.getSession()).data.session!
    const results = await Promise.all(
      [1, 2, 3, 4].map(() => stack.client().auth.refreshSession(session)),
    )
    const tokens = new Set(results.map(({ data }) => data.session?.refresh_token))
    expect([...tokens]).toHaveLength(1)
    expect([...tokens][0]).toBeTruthy()
  })

  test.skipIf(onRealStack)('a stolen old token ends the session', async () => {
    const { client } = await stack.person('stolen')
    const first = (await client.auth.getSession()).data.session!
    const second = (await client.auth.refreshSession()).data.session!
    await client.auth.refreshSession()
    const { sql } = stack.local!.database
    await sql`update auth.refresh_tokens set updated_at = now() - interval '11 seconds'
      where token = ${first.refresh_token}`
    const thief = await stack.client().auth.refreshSession(first)
    expect(thief.error?.code).toBe('refresh_token_already_used')
    const owner = await client.auth.refreshSession()
    expect(owner.error?.code).toBe('refresh_token_already_used')
    expect(second.refresh_token).not.toBe(first.refresh_token)
  })

  test('a refresh token that cannot be one, and one that never was', async () => {
    const refresh = (token: string) => stack.client().auth.refreshSession({ refresh_token: token })
    expect((await refresh('NOT A TOKEN')).error).toMatchObject({
      status: 400,
      code: 'validation_failed',
    })
    expect((await refresh('abcdefghij22')).error?.code).toBe('refresh_token_not_found')
  })

  test('sign out: this one, the others, all', async () => {
    const { email, client } = await stack.person('out')
    const another = async () => {
      const device = stack.client()
      await device.auth.signInWithPassword({ email, password: goodPassword })
      return device
    }
    const [second, third] = [await another(), await another()]
    await second.auth.signOut({ scope: 'local' })
    expect((await third.auth.getUser()).error).toBeNull()
    const fourth = await another()
    await client.auth.signOut({ scope: 'others' })
    expect((await fourth.auth.getUser()).error?.name).toBe('AuthSessionMissingError')
    expect((await client.auth.getUser()).error).toBeNull()
    const token = (await client.auth.getSession()).data.session!.refresh_token
    await client.auth.signOut({ scope: 'global' })
    const dead = await stack.client().auth.refreshSession({ refresh_token: token })
    expect(dead.error?.code).toBe('refresh_token_not_found')
  })

  test('a suspended account cannot sign in or refresh, until it is lifted', async () => {
    const { id, email, client } = await stack.person('banned')
    await stack.admin.auth.admin.updateUserById(id, { ban_duration: '24h' })
    const signIn = () => stack.client().auth.signInWithPassword({ email, password: goodPassword })
    expect((await signIn()).error?.code).toBe('user_banned')
    expect((await client.auth.refreshSession()).error?.code).toBe('user_banned')
    await stack.admin.auth.admin.updateUserById(id, { ban_duration: 'none' })
    expect((await signIn()).error).toBeNull()
  })

  test('an altered token is refused', async () => {
    const { client } = await stack.person('altered')
    const token = (await client.auth.getSession()).data.session!.access_token
    const altered = `${token.slice(0, -8)}AAAAAAAA`
    const { error } = await stack.client().auth.getUser(altered)
    expect(error).toMatchObject({ status: 403, code: 'bad_jwt' })
  })
})

describe.skipIf(onRealStack)('mails', () => {
  const mails = () => stack.local!.mails

  async function signUp(email: string) {
    const client = stack.client()
    const options = { emailRedirectTo: returnUrl }
    const { data, error } = await client.auth.signUp({ email, password: goodPassword, options })
    expect(error).toBeNull()
    return { client, data }
  }

  test('sign-up: no session before the mail, one through its link, and the link works once', async () => {
    const email = uniqueEmail('ann')
    const { client, data } = await signUp(email)
    expect(data.session).toBeNull()
    const early = await stack.client().auth.signInWithPassword({ email, password: goodPassword })
    expect(early.error?.code).toBe('email_not_confirmed')
    const link = verifyLink(await mails().waitFor({ to: email, template: 'verify' }))
    const back = await follow(link)
    expect(`${back.origin}${back.pathname}`).toBe(returnUrl)
    const { data: exchanged } = await client.auth.exchangeCodeForSession(
      back.searchParams.get('code')!,
    )
    expect(exchanged.session?.user.email_confirmed_at).toBeTruthy()
    const again = await follow(link)
    expect(again.searchParams.get('error_code')).toBe('otp_expired')
    expect(new URLSearchParams(again.hash.slice(1)).get('error_code')).toBe('otp_expired')
  })

  test('the code of a PKCE flow is worth nothing without its verifier', async () => {
    const email = uniqueEmail('thief')
    await signUp(email)
    const back = await follow(verifyLink(await mails().waitFor({ to: email })))
    const auth_code = back.searchParams.get('code')!
    const stolen = await post('/token?grant_type=pkce', {
      auth_code,
      code_verifier: 'x'.repeat(56),
    })
    expect(stolen.status).toBe(400)
    expect((await stolen.json()).error_code).toBe('bad_code_verifier')
  })

  test('a mail goes out again on request, but not at once, and the first link is then dead', async () => {
    const email = uniqueEmail('again')
    const { client } = await signUp(email)
    const first = verifyLink(await mails().waitFor({ to: email }))
    const sentIn = (seconds: number) => stack.local!.database.sql`
      update auth.users set confirmation_sent_at = now() + make_interval(secs => ${seconds})
      where email = ${email}`
    await sentIn(60)
    const early = await client.auth.resend({ type: 'signup', email })
    expect(early.error).toMatchObject({ status: 429, code: 'over_email_send_rate_limit' })
    await sentIn(-2)
    const options = { emailRedirectTo: returnUrl }
    expect((await client.auth.resend({ type: 'signup', email, options })).error).toBeNull()
    const second = verifyLink(await mails().waitFor({ to: email }))
    expect(second).not.toBe(first)
    expect((await follow(first)).searchParams.get('error_code')).toBe('otp_expired')
    const code = (await follow(second)).searchParams.get('code')!
    const { data } = await client.auth.exchangeCodeForSession(code)
    expect(data.session?.user.email).toBe(email)
  })

  test('signing up with a taken address tells nothing and mails nobody', async () => {
    const { email, id } = await stack.person('taken')
    const { data, error } = await stack.client().auth.signUp({ email, password: goodPassword })
    expect(error).toBeNull()
    expect(data.user?.identities).toEqual([])
    expect(data.user?.id).not.toBe(id)
    expect(
      mails()
        .all()
        .filter(mail => mail.to.includes(email)),
    ).toEqual([])
  })

  test('a reset: by the code in the mail, nothing for a stranger', async () => {
    const { email } = await stack.person('reset')
    const client = stack.client()
    await client.auth.resetPasswordForEmail(email, { redirectTo: returnUrl })
    const mail = await mails().waitFor({ to: email, template: 'reset' })
    // A link would use the code up in a browser.
    expect(verifyLink(mail)).toBeUndefined()
    const { data } = await client.auth.verifyOtp({ email, token: codeOf(mail), type: 'recovery' })
    expect(data.session?.user.email).toBe(email)
    expect((await client.auth.updateUser({ password: 'after-the-reset-3' })).error).toBeNull()
    const signIn = await stack
      .client()
      .auth.signInWithPassword({ email, password: 'after-the-reset-3' })
    expect(signIn.error).toBeNull()
    const stranger = await client.auth.resetPasswordForEmail(uniqueEmail('stranger'))
    expect(stranger.error).toBeNull()
  })

  test('a typed code does what the link does', async () => {
    const email = uniqueEmail('typed')
    const { client } = await signUp(email)
    const mail = await mails().waitFor({ to: email })
    const token = codeOf(mail)
    const wrong = token === '000000' ? '000001' : '000000'
    const refused = await client.auth.verifyOtp({ email, token: wrong, type: 'signup' })
    expect(refused.error).toMatchObject({ status: 403, code: 'otp_expired' })
    const { data } = await client.auth.verifyOtp({ email, token, type: 'signup' })
    expect(data.session?.user.email).toBe(email)
  })

  test('a change of address needs both mailboxes', async () => {
    const { email, client } = await stack.person('old')
    const wanted = uniqueEmail('new')
    const { data } = await client.auth.updateUser({ email: wanted }, { emailRedirectTo: returnUrl })
    expect(data.user).toMatchObject({ email, new_email: wanted })
    const confirm = async (to: string) => {
      const token = codeOf(await mails().waitFor({ to, template: 'change-email' }))
      const { data, error } = await client.auth.verifyOtp({
        email: to,
        token,
        type: 'email_change',
      })
      expect(error).toBeNull()
      return data
    }
    expect((await confirm(wanted)).session).toBeNull()
    expect((await client.auth.getUser()).data.user?.email).toBe(email)
    await confirm(email)
    expect((await client.auth.getUser()).data.user).toMatchObject({ email: wanted })
    const signIn = await stack
      .client()
      .auth.signInWithPassword({ email: wanted, password: goodPassword })
    expect(signIn.error).toBeNull()
  })

  test('an address that somebody has cannot be taken', async () => {
    const [{ client }, other] = [await stack.person('one'), await stack.person('two')]
    const { error } = await client.auth.updateUser({ email: other.email })
    expect(error).toMatchObject({ status: 422, code: 'email_exists' })
  })

  test('an old session changes its password only with a mailed code', async () => {
    const { id, email, client } = await stack.person('nonce')
    await stack.local!.database.sql`
      update auth.sessions set created_at = now() - interval '25 hours' where user_id = ${id}`
    const password = 'with-a-code-4'
    const bare = await client.auth.updateUser({ password })
    expect(bare.error?.code).toBe('reauthentication_needed')
    await client.auth.reauthenticate()
    const mail = await mails().waitFor({ to: email, template: 'reauthenticate' })
    const nonce = /\b\d{6}\b/.exec(mail.text)![0]
    const wrong = await client.auth.updateUser({
      password,
      nonce: nonce === '000000' ? '1' : '000000',
    })
    expect(wrong.error?.code).toBe('reauthentication_not_valid')
    expect((await client.auth.updateUser({ password, nonce })).error).toBeNull()
  })

  test('a mail that cannot be sent is an error, not a silence', async () => {
    const { email, client } = await stack.person('hook')
    mails().failNext(500, 10)
    const { error } = await client.auth.resetPasswordForEmail(email)
    mails().failNext(500, 0)
    expect(error?.status).toBe(500)
    expect((await client.auth.resetPasswordForEmail(email)).error).toBeNull()
    await mails().waitFor({ to: email, template: 'reset' })
  })

  test('a return address that is not on the list leads home instead', async () => {
    const email = uniqueEmail('elsewhere')
    const options = { emailRedirectTo: 'https://evil.example/account/return' }
    await stack.client().auth.signUp({ email, password: goodPassword, options })
    const link = verifyLink(await mails().waitFor({ to: email }))
    const response = await fetch(link, { redirect: 'manual' })
    expect(response.headers.get('location')).toContain(`${stack.local!.functionsUrl}/return`)
  })
})

describe.skipIf(onRealStack)('Google', () => {
  async function signIn(client = stack.client(), redirectTo = returnUrl) {
    const options = { redirectTo, skipBrowserRedirect: true }
    const { data } = await client.auth.signInWithOAuth({ provider: 'google', options })
    return { client, back: await follow(data.url!) }
  }
  const claims = (name: string) => ({
    sub: `g-${uniqueEmail(name)}`,
    email: uniqueEmail(name),
    name,
  })

  test('a round trip through the browser, back to loopback and to the app itself', async () => {
    const person = claims('gina')
    stack.local!.google.nextUser(person)
    const { client, back } = await signIn()
    const { data } = await client.auth.exchangeCodeForSession(back.searchParams.get('code')!)
    expect(data.user).toMatchObject({ email: person.email, app_metadata: { provider: 'google' } })
    expect(data.user?.identities?.map(identity => identity.provider)).toEqual(['google'])
    const second = await signIn(undefined, 'comfyrunner://account')
    expect(second.back.protocol).toBe('comfyrunner:')
    const again = await second.client.auth.exchangeCodeForSession(
      second.back.searchParams.get('code')!,
    )
    expect(again.data.user?.id).toBe(data.user?.id)
  })

  test('joins the account with the same verified address', async () => {
    const { id, email } = await stack.person('joined')
    stack.local!.google.nextUser({ ...claims('joined'), email })
    const { client, back } = await signIn()
    const { data } = await client.auth.exchangeCodeForSession(back.searchParams.get('code')!)
    expect(data.user?.id).toBe(id)
    expect(data.user?.app_metadata.providers).toEqual(['email', 'google'])
    const google = data.user!.identities!.find(identity => identity.provider === 'google')!
    expect((await client.auth.unlinkIdentity(google)).error).toBeNull()
    const { data: left } = await client.auth.getUserIdentities()
    expect(left?.identities.map(identity => identity.provider)).toEqual(['email'])
    expect((await client.auth.unlinkIdentity(left!.identities[0]!)).error?.code).toBe(
      'single_identity_not_deletable',
    )
  })

  test('an address somebody else signed up with, unverified, does not keep their password', async () => {
    const person = claims('squatted')
    await stack.client().auth.signUp({ email: person.email, password: goodPassword })
    stack.local!.google.nextUser(person)
    const { client, back } = await signIn()
    const { data } = await client.auth.exchangeCodeForSession(back.searchParams.get('code')!)
    expect(data.user?.email).toBe(person.email)
    const squatter = await stack
      .client()
      .auth.signInWithPassword({ email: person.email, password: goodPassword })
    expect(squatter.error?.code).toBe('invalid_credentials')
  })

  test('a refusal comes back as one', async () => {
    stack.local!.google.refuseNext()
    const { back } = await signIn()
    expect(back.searchParams.get('error')).toBe('access_denied')
    expect(back.searchParams.get('error_description')).toBe('The user denied access')
  })

  test('a suspended person comes back with the reason', async () => {
    const { id, email } = await stack.person('suspended')
    await stack.admin.auth.admin.updateUserById(id, { ban_duration: '24h' })
    stack.local!.google.nextUser({ ...claims('suspended'), email })
    const { back } = await signIn()
    expect(back.searchParams.get('error_code')).toBe('user_banned')
  })
})

describe('the admin door', () => {
  test('lists and deletes, for the secret key alone', async () => {
    const { id, client } = await stack.person('admin')
    const { data } = await stack.admin.auth.admin.listUsers({ perPage: 1000 })
    expect(data.users.map(user => user.id)).toContain(id)
    const refused = await stack.client().auth.admin.listUsers()
    expect(refused.error?.status).toBeGreaterThanOrEqual(401)
    expect((await stack.admin.auth.admin.deleteUser(id)).error).toBeNull()
    expect((await client.auth.getUser()).error).not.toBeNull()
    expect((await stack.admin.auth.admin.getUserById(id)).error?.code).toBe('user_not_found')
  })

  test('no door opens without a key', async () => {
    const response = await fetch(`${stack.url}/auth/v1/user`)
    expect(response.status).toBe(401)
    expect((await response.json()).message).toBe('No API key found in request')
  })
})

describe.skipIf(onRealStack)('the double is strict', () => {
  test('what it does not know it says, and never does quietly', async () => {
    const magic = await stack.client().auth.signInWithOtp({ email: uniqueEmail('otp') })
    expect(magic.error?.message).toContain('does not know POST /auth/v1/otp')
    const field = await post('/signup', {
      email: uniqueEmail('x'),
      password: goodPassword,
      phone: '1',
    })
    expect(field.status).toBe(500)
    expect((await field.json()).msg).toContain('does not know phone')
  })
})
