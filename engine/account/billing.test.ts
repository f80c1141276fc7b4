import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { billing } from './billing.ts'
import type { Cloud } from './cloud.ts'
import type { Session } from './session.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function standIn() {
  let status = 'none'
  const session = {
    alive: true,
    closed: false,
    callCloud: (work: () => Promise<unknown>) => work(),
    fetchDetails: vi.fn(async () => {}),
    lastDetails: () => ({ details: { subscription: { status } } }),
  }
  const cloud = { call: vi.fn(async () => ({ url: 'https://pay.example/1' })) }
  const refresh = vi.fn(async () => {})
  const { checkout } = billing(cloud as unknown as Cloud, session as unknown as Session, refresh)
  return { checkout, session, refresh, pay: () => (status = 'active') }
}

test('what is bought in the browser is noticed while its page may be open', async () => {
  const { checkout, session, refresh, pay } = standIn()
  expect(await checkout('plus')).toEqual({ url: 'https://pay.example/1' })
  // A second page is no second watch.
  await checkout('plus')
  await vi.advanceTimersByTimeAsync(6000)
  expect(session.fetchDetails).toHaveBeenCalledTimes(3)
  expect(refresh).not.toHaveBeenCalled()
  session.fetchDetails.mockImplementationOnce(async () => void pay())
  await vi.advanceTimersByTimeAsync(2000)
  expect(refresh).toHaveBeenCalledOnce()
  await vi.advanceTimersByTimeAsync(60 * 60_000)
  expect(vi.getTimerCount()).toBe(0)
})

test('signed out nobody looks, and signed in again it begins anew', async () => {
  const { checkout, session } = standIn()
  await checkout('plus')
  session.alive = false
  await vi.advanceTimersByTimeAsync(2000)
  expect(vi.getTimerCount()).toBe(0)
  session.alive = true
  await checkout('plus')
  await vi.advanceTimersByTimeAsync(2000)
  expect(session.fetchDetails).toHaveBeenCalledOnce()
  session.closed = true
  await vi.advanceTimersByTimeAsync(2000)
  expect(vi.getTimerCount()).toBe(0)
})
