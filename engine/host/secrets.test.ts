import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fileSecrets } from './secrets.ts'

let dir: string
let file: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'secrets-'))
  file = join(dir, 'secrets')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('what is kept comes back, and the file goes with the last of it', () => {
  const secrets = fileSecrets(file)
  expect(secrets.get('a')).toBeUndefined()
  secrets.set('a', '1')
  secrets.set('b', '2')
  expect([secrets.get('a'), fileSecrets(file).get('b')]).toEqual(['1', '2'])
  secrets.remove('a')
  secrets.remove('nothing')
  expect([secrets.get('a'), secrets.get('b')]).toEqual([undefined, '2'])
  secrets.remove('b')
  expect(existsSync(file)).toBe(false)
})

test('only its owner can read it, whatever the file was before', () => {
  writeFileSync(file, '{}')
  chmodSync(file, 0o644)
  fileSecrets(file).set('a', '1')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a damaged file is as good as none', () => {
  writeFileSync(file, 'half a fi')
  const secrets = fileSecrets(file)
  expect(secrets.get('a')).toBeUndefined()
  secrets.set('a', '1')
  expect(secrets.get('a')).toBe('1')
})

test.skipIf(process.platform === 'win32')('a link laid in the way is not written through', () => {
  const elsewhere = join(dir, 'elsewhere')
  writeFileSync(elsewhere, 'not ours', { mode: 0o644 })
  symlinkSync(elsewhere, `${file}.new`)
  fileSecrets(file).set('a', 'a token')
  expect(readFileSync(elsewhere, 'utf8')).toBe('not ours')
  expect(statSync(file).mode & 0o777).toBe(0o600)
})
