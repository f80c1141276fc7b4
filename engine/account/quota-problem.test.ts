import { expect, test } from 'vitest'
import type { AccountDetails } from '../api/contract-account.ts'
import { quotaProblem } from './quota-problem.ts'

const details = (usage: object, more: object = {}) =>
  ({ usage, suspended: null, devices: [], ...more }) as unknown as AccountDetails
const month = {
  kind: 'subscription',
  used: 1000,
  limit: 1000,
  periodEnd: Date.UTC(2026, 11, 5, 12),
}

test.each([
  [
    'the month',
    details(month),
    true,
    undefined,
    'quota_reached',
    /All 1,000 workflows of this month.*5 December 2026/,
  ],
  [
    'the trial',
    details({ kind: 'trial', used: 50, limit: 50, periodEnd: null }),
    true,
    undefined,
    'quota_reached',
    /All 50 workflows of the trial/,
  ],
  [
    'offline',
    details(month),
    true,
    'Offline: x was not contacted.',
    'allowance_unreachable',
    /offline is used up/,
  ],
  ['signed out elsewhere', details(month), false, undefined, 'sign_in_again', /signed out/],
  [
    'removed',
    details(month, { devices: [{ here: true, revoked: true }] }),
    true,
    undefined,
    'device_removed',
    /This device was removed/,
  ],
  [
    'suspended',
    details(month, { suspended: { sinceMs: 0, reason: 'abuse' } }),
    true,
    undefined,
    'suspended',
    /suspended: abuse/,
  ],
])('%s', (_, details, signedIn, trouble, code, message) => {
  const problem = quotaProblem(details, signedIn, trouble)
  expect(problem.code).toBe(code)
  expect(problem.message).toMatch(message)
  expect(problem.hint).toMatch(/untouched/)
})
