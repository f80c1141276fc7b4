import { expect, test } from 'vitest'
import type { HostEvent, Run } from '../../../engine/api/contract.ts'
import { afterEvent, runAt, useRuns } from './runs.ts'

const run = (id: string, more: Partial<Run> = {}): Run => ({
  id,
  number: 1,
  state: 'queued',
  workflow: 'w',
  name: 'First picture',
  queuedMs: 0,
  outputs: [],
  ...more,
})

const after = (...events: HostEvent[]) => events.reduce(afterEvent, useRuns.getInitialState())

test('progress keeps the newest preview when an event has none', () => {
  const { byWorkflow } = after(
    { type: 'queue', queue: { running: run('a'), pending: [], paused: false } },
    { type: 'progress', run: 'a', node: '3', done: 1, of: 20, preview: '/p/1' },
    { type: 'progress', run: 'a', node: '3', done: 2, of: 20 },
  )
  expect(byWorkflow.w?.nodes['3']).toEqual({ state: 'running', done: 2, of: 20, preview: '/p/1' })
})

test('what is done beforehand is said until the work itself begins', () => {
  const doing = 'Rounding the model to 8 bits, once'
  const events: HostEvent[] = [
    { type: 'queue', queue: { running: run('a'), pending: [], paused: false } },
    { type: 'progress', run: 'a', node: '3', done: 9, of: 90, doing },
    { type: 'progress', run: 'a', node: '3', done: 0, of: 20 },
  ]
  expect(after(...events.slice(0, 2)).byWorkflow.w?.nodes['3']?.doing).toBe(doing)
  expect(after(...events).byWorkflow.w?.nodes['3']?.doing).toBeUndefined()
})

test('a new run clears node states and keeps what was shown', () => {
  const picture = { url: '/assets/x', width: 64, height: 64 }
  const { byWorkflow } = after(
    { type: 'queue', queue: { running: run('a'), pending: [run('b')], paused: false } },
    { type: 'done', run: 'a', node: '3', ms: 12 },
    { type: 'shown', run: 'a', node: '9', pictures: [picture], texts: [] },
    { type: 'started', run: 'b', node: '4' },
  )
  expect(byWorkflow.w?.nodes).toEqual({ '4': { state: 'running' } })
  expect(byWorkflow.w?.shown['9']?.pictures).toEqual([picture])
})

test('what a node said goes when it has run again and has nothing to say', () => {
  const events: HostEvent[] = [
    { type: 'queue', queue: { running: run('a'), pending: [run('b')], paused: false } },
    { type: 'done', run: 'a', node: '3', ms: 12 },
    { type: 'shown', run: 'a', node: '3', pictures: [], texts: ['2 layers have no effect.'] },
    { type: 'started', run: 'b', node: '3' },
    { type: 'done', run: 'b', node: '3', ms: 9 },
  ]
  const texts = (count: number) => after(...events.slice(0, count)).byWorkflow.w?.shown['3']?.texts
  expect(texts(4)).toEqual(['2 layers have no effect.'])
  expect(texts(5)).toEqual([])
})

test('a run that ends badly marks its node and leaves nothing running', () => {
  const failure = { code: 'node_failed', node: '3', message: 'Out of memory.' }
  const state = after(
    { type: 'queue', queue: { running: run('a'), pending: [], paused: false } },
    { type: 'started', run: 'a', node: '3' },
    { type: 'started', run: 'a', node: '5' },
    { type: 'run', run: run('a', { state: 'failed', failure, finishedMs: 5 }) },
  )
  expect(state.byWorkflow.w?.nodes).toEqual({ '3': { state: 'failed' } })
  expect(state.byWorkflow.w?.failure).toEqual(failure)
  expect(state.finished.map(done => done.id)).toEqual(['a'])
})

test('an engine that died without a node still leaves a problem in words', () => {
  const failure = { code: 'engine_died', message: 'The engine stopped.' }
  const state = after(
    { type: 'queue', queue: { running: run('c'), pending: [], paused: false } },
    { type: 'run', run: run('c', { state: 'failed', failure, finishedMs: 5 }) },
  )
  expect(state.byWorkflow.w?.failure).toEqual(failure)
  // The next queued run does not wipe the words away; its good end does.
  const next = [
    { type: 'started', run: 'd', node: '3' },
    { type: 'run', run: run('d', { state: 'done' }) },
  ] as const
  const begun = [{ type: 'run', run: run('d') } as const, next[0]].reduce(afterEvent, state)
  expect(begun.byWorkflow.w?.failure).toEqual(failure)
  expect(afterEvent(begun, next[1]).byWorkflow.w?.failure).toBeUndefined()
})

test('a node inside subgraphs shows on every card around it, and on its own', () => {
  const { byWorkflow } = after(
    { type: 'queue', queue: { running: run('a'), pending: [], paused: false } },
    { type: 'done', run: 'a', node: '57:44:3', ms: 12 },
    { type: 'started', run: 'a', node: '60:44:3' },
  )
  const { nodes } = byWorkflow.w!
  expect(nodes['57']?.state).toBe('done')
  expect(nodes['57:44']?.state).toBe('done')
  // Two uses of one subgraph: the one at work is what its canvas shows.
  expect(runAt({ nodes }, ['57:44:', '60:44:'], '3')).toEqual({ state: 'running' })
  expect(runAt({ nodes }, ['57:44:'], '3')).toEqual({ state: 'done', ms: 12 })
  expect(runAt({ nodes }, ['57:44:'], '4')).toBeUndefined()
})

test('what is kept from an earlier run shows on the cards around it, until something there runs', () => {
  const queue: HostEvent = {
    type: 'queue',
    queue: { running: run('a'), pending: [], paused: false },
  }
  const cached: HostEvent = { type: 'cached', run: 'a', nodes: ['57:3'] }
  expect(after(queue, cached).byWorkflow.w!.nodes['57']).toEqual({ state: 'cached' })
  const next = after(queue, cached, { type: 'started', run: 'a', node: '57:4' })
  expect(next.byWorkflow.w!.nodes['57']).toEqual({ state: 'running' })
})
