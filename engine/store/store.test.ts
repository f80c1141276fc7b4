import { expect, test } from 'vitest'
import { ledgerRowsKept } from './ledger.ts'
import { type NewRun, runsKept } from './runs.ts'
import { openStore } from './store.ts'
import { versionsKept } from './workflows.ts'

const open = () => openStore(':memory:')
const newRun = (id: string, more: Partial<NewRun> = {}): NewRun => ({
  id,
  number: 0,
  name: 'Apple',
  queuedMs: 1000,
  words: 'a red apple',
  extraData: '{}',
  pngInfo: '{}',
  prompt: '{"3":{"class_type":"KSampler","inputs":{"seed":18446744073709551615}}}',
  ...more,
})
const asset = (hash: string) => ({ hash, mime: 'image/png', sizeBytes: 10, width: 4, height: 3 })

test('runs go from queued to done and keep their texts as they were', () => {
  const { runs } = open()
  runs.add(newRun('b', { number: 2 }))
  runs.add(newRun('a', { number: 1, targets: ['9'], document: '{"seed":18446744073709551615}' }))
  expect(runs.inState('queued').map(r => r.id)).toEqual(['a', 'b'])
  expect(runs.start('a', 2000)).toBe(true)
  expect(runs.start('a', 2001)).toBe(false)
  expect(runs.drop('a')).toBe(false)
  runs.finish('a', 'failed', 3000, '{"shown":{}}', { code: 'node_failed', message: 'No.' })
  expect(runs.find('a')).toEqual({
    id: 'a',
    number: 1,
    state: 'failed',
    name: 'Apple',
    queuedMs: 1000,
    startedMs: 2000,
    finishedMs: 3000,
    failure: { code: 'node_failed', message: 'No.' },
    targets: ['9'],
  })
  expect(runs.texts('a')!.prompt).toContain('18446744073709551615')
  expect(runs.texts('a')!.history).toBe('{"shown":{}}')
  expect(runs.history(10).map(r => r.id)).toEqual(['a'])
  expect(runs.history(10, 1)).toEqual([])
  expect(runs.drop('b')).toBe(true)
  expect(runs.find('b')).toBeUndefined()
})

test('the queue remembers its counter and whether it is paused', () => {
  const { runs } = open()
  expect([runs.takeNumber(), runs.takeNumber()]).toEqual([0, 1])
  runs.setPaused(true)
  expect(runs.paused()).toBe(true)
})

test('outputs page by id, are searched by words, and come back from the trash', () => {
  const { runs, assets, outputs } = open()
  runs.add(newRun('r'))
  runs.add(newRun('s', { name: 'Pear', words: 'a green pear 100%' }))
  const ids = ['r', 'r', 's'].map((run, i) => {
    assets.add(asset(`h${i}`), { folder: 'output', path: `p${i}.png` }, 0)
    return outputs.add({
      run,
      node: '9',
      hash: `h${i}`,
      filename: `p${i}.png`,
      subfolder: '',
      createdMs: i,
    }).id
  })
  expect(outputs.list({ limit: 2 })).toMatchObject({ total: 3, outputs: [{ id: ids[2] }, {}] })
  expect(outputs.list({ limit: 9, before: ids[1] }).outputs.map(o => o.id)).toEqual([ids[0]])
  expect(outputs.list({ limit: 9, search: 'PEAR' }).outputs.map(o => o.run)).toEqual(['s'])
  expect(outputs.list({ limit: 9, search: '100%' }).total).toBe(1)
  expect(outputs.list({ limit: 9, search: '_' }).total).toBe(0)
  outputs.remove(ids[0]!, 5)
  expect(outputs.list({ limit: 9 }).total).toBe(2)
  expect(outputs.isRemoved(ids[0]!)).toBe(true)
  outputs.restore(ids[0]!)
  expect(outputs.ofRun('r').map(o => o.id)).toEqual([ids[0], ids[1]])
})

test('one picture may lie in several files, and a file holds one picture', () => {
  const { assets } = open()
  assets.add(asset('h1'), { folder: 'input', path: 'a.png' }, 0)
  assets.add(asset('h1'), { folder: 'output', path: 'b.png' }, 0)
  assets.add(asset('h2'), { folder: 'input', path: 'a.png' }, 0)
  expect(assets.files('h1')).toEqual([{ folder: 'output', path: 'b.png' }])
  expect(assets.hashAt('input', 'a.png')).toBe('h2')
  assets.move('h1', { folder: 'output', path: 'b.png' }, { folder: 'trash', path: '1-b.png' })
  expect(assets.files('h1')).toEqual([{ folder: 'trash', path: '1-b.png' }])
})

test('drafts are edits, versions are saves, and old versions are let go', () => {
  const { workflows } = open()
  workflows.create('w', 'Untitled', 'one', 1)
  expect(workflows.find('w')).toMatchObject({ unsaved: false, updatedMs: 1 })
  expect(workflows.setDraft('w', 'one', 2)).toBe(false)
  expect(workflows.setDraft('w', 'two', 2)).toBe(true)
  expect(workflows.find('w')).toMatchObject({ unsaved: true, updatedMs: 2 })
  expect(workflows.draft('w')).toBe('two')
  for (let i = 0; i < versionsKept + 5; i++) workflows.save('w', 10 + i)
  expect(workflows.find('w')!.unsaved).toBe(false)
  const kept = workflows.versions('w')
  expect(kept).toHaveLength(versionsKept)
  expect(kept[0]).toMatchObject({ number: versionsKept + 6, document: 'two' })
  workflows.remove('w', 99)
  expect(workflows.list()).toEqual([])
  expect(workflows.draft('w')).toBeUndefined()
})

test('a workflow shows the last picture that it made', () => {
  const { workflows, runs, assets, outputs } = open()
  workflows.create('w', 'Apple', '{}', 1)
  runs.add(newRun('r', { workflow: 'w' }))
  runs.add(newRun('s', { workflow: 'gone' }))
  expect(runs.find('s')!.workflow).toBeUndefined()
  assets.add(asset('h'), { folder: 'output', path: 'a.png' }, 0)
  outputs.add({ run: 'r', node: '9', hash: 'h', filename: 'a.png', subfolder: '', createdMs: 0 })
  expect(workflows.find('w')!.thumbnail).toBe('h')
})

test('settings have defaults and keep what was changed', () => {
  const { settings } = open()
  expect(settings.all().offline).toBe(false)
  settings.change({ offline: true })
  expect(settings.change({ theme: 'dark' })).toMatchObject({ offline: true, theme: 'dark' })
})

test('the ledger is bounded, its sum is not, and loopback does not count as sent', () => {
  const store = open()
  const row = { host: 'example.org', purpose: 'test', receivedBytes: 1, refused: false }
  store.transaction(() => {
    for (let i = 0; i < ledgerRowsKept + 10; i++)
      store.ledger.add({ ...row, timeMs: i, sentBytes: 2, local: false })
  })
  store.ledger.add({ ...row, timeMs: 0, host: '127.0.0.1', sentBytes: 50, local: true })
  expect(store.ledger.list(1e6)).toHaveLength(ledgerRowsKept)
  expect(store.ledger.list(1)[0]!.host).toBe('127.0.0.1')
  expect(store.ledger.sentBytes()).toBe(2 * (ledgerRowsKept + 10))
})

test('ended runs without a picture are forgotten, those of the gallery and the queue never', () => {
  const { runs, outputs, assets, transaction } = open()
  const total = runsKept + 30
  transaction(() => {
    for (let i = 0; i < total; i++) {
      runs.add(newRun(`r${i}`, { queuedMs: i }))
      if (i === 1) continue
      runs.start(`r${i}`, i)
      if (i !== 2) runs.finish(`r${i}`, 'done', i, '{}')
    }
    assets.add(asset('h'), { folder: 'output', path: 'p.png' }, 0)
    const made = { node: '9', hash: 'h', filename: 'p.png', subfolder: '', createdMs: 0 }
    outputs.add({ run: 'r0', ...made })
  })
  expect(runs.trim()).toBe(27)
  for (const kept of ['r0', 'r1', 'r2', 'r30', `r${total - 1}`])
    expect(runs.find(kept)).toBeDefined()
  for (const gone of ['r3', 'r29']) expect(runs.find(gone)).toBeUndefined()
  expect(runs.trim()).toBe(0)
})
