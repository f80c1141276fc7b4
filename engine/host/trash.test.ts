import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { smallPrompt, testHost } from './fixtures/test-host.ts'
import { createTrash } from './trash.ts'

test('the trash lets go after a month; the gallery never', async () => {
  const { host, picture, end } = testHost()
  const { store, folders } = host
  const newRun = { id: 'r', number: 0, name: '', queuedMs: 0, words: '' }
  store.runs.add({
    ...newRun,
    extraData: '{}',
    pngInfo: '{}',
    prompt: JSON.stringify(smallPrompt()),
  })
  const ids: number[] = []
  for (const [filename, colour] of [
    ['old.png', '#f00'],
    ['kept.png', '#00f'],
  ] as const) {
    await picture('output', filename, colour)
    const { hash } = await host.assets.register('output', filename)
    const made = { run: 'r', node: '3', hash, filename, subfolder: '', createdMs: 0 }
    ids.push(store.outputs.add(made).id)
  }
  const trash = createTrash(store, folders)
  await trash.remove([ids[0]!])
  const file = join(folders.trash, `${ids[0]}-old.png`)
  expect(trash.expire()).toBe(0)
  expect(existsSync(file)).toBe(true)
  expect(trash.expire(Date.now() + 31 * 24 * 3600 * 1000)).toBe(1)
  expect(existsSync(file)).toBe(false)
  expect(store.outputs.find(ids[0]!)).toBeUndefined()
  expect(existsSync(join(folders.output, 'kept.png'))).toBe(true)
  expect(store.outputs.list({ limit: 9 }).total).toBe(1)
  await end()
})
