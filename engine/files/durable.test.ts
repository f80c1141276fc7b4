import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeDurably } from './durable.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'comfyrunner-durable-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('the last of several writers at once has the name, and nothing else is left', async () => {
  const path = join(folder, 'kept.json')
  const texts = Array.from({ length: 20 }, (_, i) => `${i}`.repeat(1000 * (i + 1)))
  await Promise.all(texts.map(text => writeDurably(path, Buffer.from(text))))
  expect(texts).toContain(readFileSync(path, 'utf8'))
  expect(readdirSync(folder)).toEqual(['kept.json'])
})

test('what cannot be written leaves nothing behind', async () => {
  mkdirSync(join(folder, 'taken'))
  await expect(writeDurably(join(folder, 'taken'), Buffer.from('x'))).rejects.toThrow()
  expect(readdirSync(folder)).toEqual(['taken'])
})
