import { expect, test } from 'vitest'
import { type Document, emptyDocument } from './document.ts'
import { amend, historyLimit, record, redo, seal, startHistory, undo } from './history.ts'

const state = (name: string): Document => ({ ...emptyDocument(), rest: { name } })
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(state) as [Document, Document, Document, Document]

test('undo and redo walk the steps with their labels', () => {
  const done = record(record(startHistory(a), b, 'add'), c, 'move')
  expect(done.past.map(step => step.label)).toEqual(['add', 'move'])
  const back = undo(undo(done))
  expect(back.present).toBe(a)
  expect(back.future.map(step => step.label)).toEqual(['add', 'move'])
  expect(redo(redo(back)).present).toBe(c)
})

test('at either end nothing happens', () => {
  const start = startHistory(a)
  expect(undo(start)).toBe(start)
  expect(redo(start)).toBe(start)
})

test('a change without effect is no step', () => {
  const start = startHistory(a)
  expect(record(start, a, 'nothing')).toBe(start)
})

test('a new change forgets what was undone', () => {
  const changed = record(undo(record(startHistory(a), b, 'add')), c, 'other')
  expect(changed.future).toEqual([])
  expect(undo(changed).present).toBe(a)
})

test('changes of one gesture are one step', () => {
  let history = record(startHistory(a), b, 'move', 'drag-1')
  history = record(history, c, 'move', 'drag-1')
  expect(history.past).toHaveLength(1)
  expect(undo(history).present).toBe(a)
  expect(record(history, d, 'move', 'drag-2').past).toHaveLength(2)
  expect(record(seal(history), d, 'move', 'drag-1').past).toHaveLength(2)
  // After an undo the gesture is over.
  expect(record(undo(history), d, 'move', 'drag-1').past).toHaveLength(1)
})

test('what a run writes is not a step', () => {
  const history = amend(record(startHistory(a), b, 'add'), c)
  expect(history.present).toBe(c)
  expect(undo(history).present).toBe(a)
})

test('it is bounded', () => {
  let history = startHistory(a)
  for (let i = 0; i < historyLimit + 50; i++) history = record(history, state(`${i}`), 'step')
  expect(history.past).toHaveLength(historyLimit)
  expect(history.past[0]!.document.rest).toEqual({ name: '49' })
})
