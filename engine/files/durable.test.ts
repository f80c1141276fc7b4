import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { writeDurably } from './durable.ts'

/** What is asked of the disk, in order. */
const asked: string[] = []
vi.mock('node:fs/promises', async original => {
  const fs = await original<typeof import('node:fs/promises')>()
  const open: typeof fs.open = async (path, ...more) => {
    const handle = await fs.open(path, ...more)
    const sync = handle.sync.bind(handle)
    handle.sync = () => {
      asked.push(`sync ${basename(String(path))}`)
      return sync()
    }
    return handle
  }
  const rename: typeof fs.rename = (from, to) => {
    asked.push(`rename ${basename(String(from))} ${basename(String(to))}`)
    return fs.rename(from, to)
  }
  return { ...fs, open, rename }
})

let folder: string
beforeEach(() => {
  asked.length = 0
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

test('the bytes are on the disk before the name, and the name before it is confirmed', async () => {
  await writeDurably(join(folder, 'kept.json'), Buffer.from('{}'))
  const partial = asked[0]?.split(' ')[1]
  expect(partial).toMatch(/^\.upload-/)
  const ofFolder = process.platform === 'win32' ? [] : [`sync ${basename(folder)}`]
  expect(asked).toEqual([`sync ${partial}`, `rename ${partial} kept.json`, ...ofFolder])
})

test('what cannot be written leaves nothing behind', async () => {
  mkdirSync(join(folder, 'taken'))
  await expect(writeDurably(join(folder, 'taken'), Buffer.from('x'))).rejects.toThrow()
  expect(readdirSync(folder)).toEqual(['taken'])
})
