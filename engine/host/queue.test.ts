import { expect, test } from 'vitest'
import type { NewRun, RunRow } from '../store/runs.ts'
import { openStore } from '../store/store.ts'
import { createQueue, pendingLimit, QueueFullError } from './queue.ts'

function setUp() {
  const { runs } = openStore(':memory:')
  const started: string[] = []
  const ended: string[] = []
  let release = () => {}
  let changes = 0
  const queue = createQueue({
    runs,
    execute: (run: RunRow, signal) =>
      new Promise<void>(resolve => {
        started.push(run.id)
        const finish = () => {
          runs.finish(run.id, signal.aborted ? 'interrupted' : 'done', 1, '{}')
          resolve()
        }
        release = finish
        signal.addEventListener('abort', finish)
      }),
    changed: () => changes++,
    ended: run => ended.push(run.id),
  })
  const newRun = (id: string, number: number): NewRun => ({
    id,
    number,
    name: id,
    queuedMs: 0,
    words: '',
    extraData: '{}',
    pngInfo: '{}',
    prompt: '{}',
  })
  const add = (id: string, number: number) => queue.add(newRun(id, number))
  const pending = () => queue.pending().map(run => run.id)
  const settle = async () => {
    for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
  }
  return {
    runs,
    queue,
    add,
    pending,
    settle,
    started,
    ended,
    release: () => release(),
    changes: () => changes,
  }
}

test('one at a time, by number and then by arrival', async () => {
  const { queue, add, settle, started, ended, release } = setUp()
  queue.start()
  add('a', 0)
  add('c', 2)
  add('b', 1)
  add('b2', 1)
  for (const expected of [['a'], ['a', 'b'], ['a', 'b', 'b2'], ['a', 'b', 'b2', 'c']]) {
    await settle()
    expect(started).toEqual(expected)
    release()
  }
  await settle()
  expect(ended).toEqual(['a', 'b', 'b2', 'c'])
  expect(queue.running).toBeUndefined()
})

test('moves before another, last, and between equal numbers', () => {
  const { queue, add, pending } = setUp()
  for (const id of ['a', 'b', 'c', 'd']) add(id, 5)
  queue.move('d', 'a')
  expect(pending()).toEqual(['d', 'a', 'b', 'c'])
  queue.move('a', 'c')
  expect(pending()).toEqual(['d', 'b', 'a', 'c'])
  queue.move('d')
  expect(pending()).toEqual(['b', 'a', 'c', 'd'])
  for (let i = 0; i < 80; i++) queue.move(pending().at(-1)!, pending()[1])
  expect(new Set(pending()).size).toBe(4)
  const [first, second, third, last] = pending()
  queue.move(last!, second)
  expect(pending()).toEqual([first, last, second, third])
})

test('cancel takes a pending run out and interrupts the running one', async () => {
  const { queue, add, pending, settle, runs, ended } = setUp()
  queue.start()
  add('a', 0)
  add('b', 1)
  await settle()
  queue.cancel('b')
  expect(pending()).toEqual([])
  expect(runs.find('b')).toBeUndefined()
  queue.cancel('a')
  await settle()
  expect(runs.find('a')!.state).toBe('interrupted')
  expect(ended).toEqual(['a'])
})

test('paused, nothing starts; going on, it does', async () => {
  const { queue, add, settle, started } = setUp()
  queue.start()
  queue.pause(true)
  add('a', 0)
  await settle()
  expect(started).toEqual([])
  queue.pause(false)
  await settle()
  expect(started).toEqual(['a'])
})

test('is bounded', () => {
  const { queue, add, runs } = setUp()
  for (let i = 0; i < pendingLimit; i++) add(`r${i}`, i)
  expect(() => add('one more', 0)).toThrow(QueueFullError)
  expect(runs.find('one more')).toBeUndefined()
  queue.clear()
  expect(queue.pending()).toEqual([])
})
