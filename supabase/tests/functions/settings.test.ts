import { expect, test } from 'vitest'
import { readEnv } from '../../functions/_shared/deps.ts'

const env = {
  SUPABASE_URL: 'https://ref.supabase.test',
  DATABASE_URL: 'postgres://localhost/x',
  STRIPE_SECRET_KEY: 'sk_test_12345',
  STRIPE_WEBHOOK_SECRET: 'whsec_12345',
  RESEND_API_KEY: 're_test',
  SEND_EMAIL_HOOK_SECRET: 'v1,whsec_12345',
  CRON_SECRET: 'a long secret',
  APP_URL: 'comfyrunner://account',
  MAIL_FROM: 'ComfyRunner <account@example.test>',
}

test('a deployment that does not say who mails come from does not start', () => {
  expect(readEnv(env).MAIL_FROM).toBe(env.MAIL_FROM)
  expect(() => readEnv({ ...env, MAIL_FROM: undefined })).toThrow('MAIL_FROM')
})

test.each(['x-forwarded-for', 'x-forwarded-for:0', 'x-forwarded-for:', 'CF-Connecting-IP', ''])(
  'CLIENT_ADDRESS %o names no place that only the platform writes',
  CLIENT_ADDRESS => {
    expect(() => readEnv({ ...env, CLIENT_ADDRESS })).toThrow('CLIENT_ADDRESS')
  },
)
