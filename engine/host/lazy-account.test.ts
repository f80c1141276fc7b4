// Without a cloud, and with one but signed out: no limit, no request, nothing loaded.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { cloudConfig } from '../account/cloud-config.ts'
import type { Json } from '../graph/json.ts'
import { validatePrompt } from '../graph/validate.ts'
import { smallPrompt, testHost, until } from './fixtures/test-host.ts'
import { submissionOf } from './submission.ts'

afterEach(() => void vi.unstubAllEnvs())

async function runOnce(test: ReturnType<typeof testHost>) {
  const validation = validatePrompt(smallPrompt() as Json, test.host.catalogue())
  const { id } = test.host.submit(submissionOf(validation, '{}'))
  await until(() => test.host.run(id)?.state === 'done')
}

test('without a cloud there is no account and no limit', async () => {
  const test = testHost()
  expect(test.host.account.state()).toMatchObject({ available: false, state: 'signedOut' })
  expect(await test.host.account.checkAllowance()).toBeUndefined()
  await runOnce(test)
  expect(() => test.host.account.load()).toThrow('no account cloud')
  await test.end()
})

test('signed out, a configured cloud is asked nothing', async () => {
  let asked = 0
  const server = createServer((_, response) => {
    asked++
    response.end()
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  vi.stubEnv('COMFYRUNNER_CLOUD_URL', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('COMFYRUNNER_CLOUD_KEY', 'sb_publishable_test')
  const test = testHost()
  expect(test.host.account.state()).toMatchObject({ available: true, state: 'signedOut' })
  await runOnce(test)
  expect(await test.host.account.checkAllowance()).toBeUndefined()
  expect(asked).toBe(0)
  expect(test.host.store.ledger.list(10)).toEqual([])
  await test.end()
  server.close()
})

test('a malformed address is said, and the app goes on without an account', async () => {
  vi.stubEnv('COMFYRUNNER_CLOUD_URL', 'not an address')
  const test = testHost()
  expect(test.host.notices.join()).toContain('cloud’s address')
  expect(test.host.account.state().available).toBe(false)
  await test.end()
})

test('the address comes from the environment, without its last slash', () => {
  const env = { COMFYRUNNER_CLOUD_URL: 'https://x.example/', COMFYRUNNER_CLOUD_KEY: 'k' }
  expect(cloudConfig('/nowhere', env)).toEqual({ url: 'https://x.example', key: 'k' })
  expect(cloudConfig('/nowhere', {})).toBeUndefined()
  expect(() => cloudConfig('/nowhere', { COMFYRUNNER_CLOUD_URL: 'https://x.example' })).toThrow()
})

test.each(['http://cloud.example', 'ftp://cloud.example', 'file:///etc'])(
  'passwords do not travel in the clear: %s is refused, this machine’s own cloud is not',
  url => {
    const env = (url: string) => ({ COMFYRUNNER_CLOUD_URL: url, COMFYRUNNER_CLOUD_KEY: 'k' })
    expect(() => cloudConfig('/nowhere', env(url))).toThrow('https://')
    expect(cloudConfig('/nowhere', env('http://127.0.0.1:54321'))).toBeDefined()
  },
)
