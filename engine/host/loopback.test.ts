import { expect, test } from 'vitest'
import { listenForReturn } from './loopback.ts'

test('one return is heard, anything else is not', async () => {
  const loopback = await listenForReturn({ timeoutMs: 5000 })
  expect(loopback.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/account\/return$/)
  expect((await fetch(new URL('/other', loopback.url))).status).toBe(404)
  expect((await fetch(loopback.url, { method: 'POST' })).status).toBe(404)
  const page = await fetch(`${loopback.url}?code=abc`)
  expect(await page.text()).toContain('You are signed in')
  expect((await loopback.answer).get('code')).toBe('abc')
  await expect(fetch(loopback.url)).rejects.toThrow()
})

test('what went wrong is not called a success', async () => {
  const loopback = await listenForReturn({ timeoutMs: 5000 })
  expect(await (await fetch(`${loopback.url}?error=access_denied`)).text()).toContain(
    'did not work',
  )
})

test('nobody comes, or it is cancelled: whoever waits is told', async () => {
  const late = await listenForReturn({ timeoutMs: 10 })
  await expect(late.answer).rejects.toThrow('Nobody came back')
  const cancelled = await listenForReturn({ timeoutMs: 5000 })
  cancelled.close()
  await expect(cancelled.answer).rejects.toThrow('cancelled')
})

test('a page of another site that tries ports does not end a sign-in', async () => {
  const loopback = await listenForReturn({ timeoutMs: 5000 })
  const forged = { headers: { 'sec-fetch-dest': 'iframe', 'sec-fetch-mode': 'navigate' } }
  expect((await fetch(`${loopback.url}?error=x`, forged)).status).toBe(404)
  expect(
    (await fetch(`${loopback.url}?code=x`, { headers: { 'sec-fetch-dest': 'image' } })).status,
  ).toBe(404)
  expect((await fetch(loopback.url)).status).toBe(404)
  expect((await fetch(`${loopback.url}?code=real`)).status).toBe(200)
  expect((await loopback.answer).get('code')).toBe('real')
})
