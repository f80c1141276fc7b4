// How Auth is set up: here and on supabase.com alike.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { maxRows } from '../local/double/filters.ts'
import { allowedRedirect, authSettings } from '../local/double/settings.ts'

const site = 'http://127.0.0.1:54321/functions/v1/account/return'
const settings = authSettings(site)
const config = readFileSync(join(import.meta.dirname, '../config.toml'), 'utf8')
const configured = (key: string) => JSON.parse(new RegExp(`^${key} = (.+)$`, 'm').exec(config)![1]!)

test('config.toml says what the double does', () => {
  expect(configured('additional_redirect_urls')).toEqual(settings.redirectUrls)
  expect(configured('minimum_password_length')).toBe(settings.passwordLengthMin)
  expect(configured('jwt_expiry')).toBe(settings.jwtExpirySeconds)
  expect(configured('refresh_token_reuse_interval')).toBe(settings.refreshReuseSeconds)
  expect(configured('otp_expiry')).toBe(settings.otpExpirySeconds)
  expect(configured('max_frequency')).toBe(`${settings.mailIntervalSeconds}s`)
  expect(configured('double_confirm_changes')).toBe(settings.doubleConfirmChanges)
  expect(configured('secure_password_change')).toBe(settings.secureChangeSeconds > 0)
  expect(configured('enable_confirmations')).toBe(true)
  expect(configured('max_rows')).toBe(maxRows)
})

test.each([
  ['http://127.0.0.1:49152/account/return', true],
  ['http://127.0.0.1:49152/account/return?flow=1', false],
  ['comfyrunner://account', true],
  ['comfyrunner://account/return?x=1', true],
  [site, true],
  ['http://127.0.0.1:49152/account/elsewhere', false],
  ['http://127.0.0.1:49152/other/account/return', false],
  ['http://127.0.0.1:80.evil.example/account/return', false],
  ['http://127.0.0.1:1@evil.example/account/return', false],
  ['http://127.0.0.1.evil.example/account/return', false],
  ['https://evil.example/#http://127.0.0.1:1/account/return', false],
  ['javascript:alert(1)', false],
  ['not an address', false],
])('return address %s: %s', (wanted, allowed) => {
  expect(allowedRedirect(settings, wanted)).toBe(allowed ? wanted : site)
})
