import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { reportClock } from './report-clock.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('runs of a series are reported together, and again every few minutes', () => {
  const report = vi.fn(() => true)
  const clock = reportClock(report)
  expect(report).toHaveBeenCalledTimes(1)
  for (let i = 0; i < 5; i++) {
    clock.soon()
    vi.advanceTimersByTime(1000)
  }
  expect(report).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(3000)
  expect(report).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(10 * 60_000)
  expect(report).toHaveBeenCalledTimes(4)
  clock.stop()
  expect(vi.getTimerCount()).toBe(0)
})

test('with nobody to report for it rests until a run is counted', () => {
  const report = vi.fn(() => false)
  const clock = reportClock(report)
  expect(vi.getTimerCount()).toBe(0)
  report.mockReturnValue(true)
  clock.soon()
  vi.advanceTimersByTime(3000)
  expect(report).toHaveBeenCalledTimes(2)
  clock.stop()
})
