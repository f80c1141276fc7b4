import { describe, expect, it } from 'vitest'
import type { Files } from '../nodes/files.ts'
import { ResultCache } from './cache.ts'
import type { RunEvent } from './events.ts'
import { bench, noFiles, type ShortPrompt } from './fixtures/run-prompt.ts'

const sum: ShortPrompt = {
  one: ['Number', { value: 1 }],
  two: ['Number', { value: 2 }],
  add: ['Add', { a: ['one', 0], b: ['two', 0] }],
  show: ['Show', { value: ['add', 0] }],
}

const typesOf = (events: readonly RunEvent[]) => events.map(event => event.type)

describe('a run', () => {
  it('says what it does, in order', async () => {
    const { events, shown } = await bench().run({
      steps: ['Steps', { steps: 2 }],
      show: ['Show', { value: ['steps', 0] }],
    })
    expect(shown).toEqual({ show: [2] })
    expect(typesOf(events)).toEqual([
      'cached',
      'started',
      'progress',
      'progress',
      'done',
      'started',
      'done',
      'shown',
      'finished',
    ])
  })

  it('prefers outputs, then what feeds them', async () => {
    const { events } = await bench().run({
      a: ['Number', { value: 1 }],
      b: ['Add', { a: ['a', 0] }],
      c: ['Add', { a: ['b', 0] }],
      d: ['Add', { a: ['c', 0] }],
      showD: ['Show', { value: ['d', 0] }],
      showA: ['Show', { value: ['a', 0] }],
      e: ['Number', { value: 2 }],
      showE: ['Show', { value: ['e', 0] }],
    })
    const started = events.flatMap(event => (event.type === 'started' ? [event.node] : []))
    expect(started).toEqual(['a', 'showA', 'e', 'showE', 'b', 'c', 'd', 'showD'])
  })

  it('runs only what the targets need', async () => {
    const { run } = bench()
    const more: ShortPrompt = {
      ...sum,
      other: ['Show', { value: ['two', 0] }],
      idle: ['Number', { value: 9 }],
    }
    const { calls, shown } = await run(more, { targets: ['other'] })
    expect(calls).toEqual(['Number', 'Show'])
    expect(shown).toEqual({ other: [2] })
  })

  it('coerces what the prompt says and fills in defaults', async () => {
    const { shown } = await bench().run({
      a: ['Number', { value: '8', unknown: 'ignored' }],
      b: ['Number', { value: { __value__: 8.7 } }],
      add: ['Add', { a: ['a', 0] }],
      show: ['Show', { value: ['add', 0] }],
      showB: ['Show', { value: ['b', 0] }],
    })
    expect(shown).toEqual({ show: [9], showB: [8] })
  })

  it('passes undeclared links, hidden inputs and defaults of optional ones', async () => {
    const { run, probed } = bench()
    await run(
      {
        one: ['Number', { value: 1 }],
        probe: ['Probe', { value: 2, extra: ['one', 0], literal: 3 }],
        show: ['Show', { value: ['probe', 0] }],
      },
      { pngInfo: '{"workflow":{"a":1}}' },
    )
    expect(probed).toMatchObject([
      { value: 2, extra: 1, some: 'default', id: 'probe', info: { workflow: { a: 1 } } },
    ])
    expect(probed[0]).not.toHaveProperty('literal')
    expect(Object.keys(probed[0]!.prompt as object)).toEqual(['one', 'probe', 'show'])
  })
})

describe('the cache', () => {
  it('reuses everything and shows outputs again', async () => {
    const { run } = bench()
    await run(sum)
    const { calls, events, shown } = await run(sum)
    expect(calls).toEqual([])
    expect(shown).toEqual({ show: [3] })
    expect(events).toEqual([
      { type: 'cached', nodes: ['one', 'two', 'add', 'show'] },
      { type: 'shown', node: 'show', shown: { values: [3] }, cached: true },
      { type: 'finished' },
    ])
  })

  it('runs what a change reaches and nothing else', async () => {
    const { run } = bench()
    await run(sum)
    const { calls, shown } = await run({ ...sum, two: ['Number', { value: 5 }] })
    expect(calls).toEqual(['Number', 'Add', 'Show'])
    expect(shown).toEqual({ show: [6] })
  })

  it('knows nodes again under other ids and in another order', async () => {
    const { run } = bench()
    await run(sum)
    const { calls } = await run({
      d: ['Show', { value: ['c', 0] }],
      c: ['Add', { b: ['b', 0], a: ['a', 0] }],
      a: ['Number', { value: 1 }],
      b: ['Number', { value: 2 }],
    })
    expect(calls).toEqual([])
  })

  it('tells nodes apart that ask for their id', async () => {
    const { run } = bench()
    const probes: ShortPrompt = {
      a: ['Probe', { value: 1 }],
      b: ['Probe', { value: 1 }],
      showA: ['Show', { value: ['a', 0] }],
      showB: ['Show', { value: ['b', 0] }],
    }
    expect((await run(probes)).calls.filter(type => type === 'Probe')).toHaveLength(2)
    expect((await run(probes)).calls).toEqual([])
  })

  it('runs equal nodes of one prompt once', async () => {
    const { run } = bench()
    const { calls, events, shown } = await run({
      a: ['Number', { value: 4 }],
      b: ['Number', { value: 4 }],
      showA: ['Show', { value: ['a', 0] }],
      showB: ['Show', { value: ['b', 0] }],
    })
    expect(calls).toEqual(['Number', 'Show'])
    expect(shown).toEqual({ showA: [4], showB: [4] })
    expect(events.filter(event => event.type === 'done')).toHaveLength(4)
  })

  it('asks nodes whether something outside has changed', async () => {
    const { run, outside } = bench()
    const prompt: ShortPrompt = {
      outside: ['Outside', { value: 1 }],
      show: ['Show', { value: ['outside', 0] }],
    }
    const callsWith = async (value: unknown) => {
      outside.value = value
      return (await run(prompt)).calls.length
    }
    expect(await callsWith('a')).toBe(2)
    expect(await callsWith('a')).toBe(0)
    expect(await callsWith('b')).toBe(2)
    expect(await callsWith(Number.NaN)).toBe(2)
    expect(await callsWith(Number.NaN)).toBe(2)
    expect(await callsWith(new Error('unreadable'))).toBe(2)
    expect(await callsWith(new Error('unreadable'))).toBe(2)
  })

  it('forgets an output whose file has been deleted', async () => {
    const here = new Set<string>()
    const files: Files = {
      ...noFiles,
      resolve: name => (here.has(name) ? name : noFiles.resolve(name)),
    }
    const { run } = bench(new ResultCache(), files)
    const prompt: ShortPrompt = {
      one: ['Number', { value: 1 }],
      save: ['Save', { value: ['one', 0] }],
    }
    here.add('b/a.png [output]')
    await run(prompt)
    expect((await run(prompt)).calls).toEqual([])
    here.clear()
    const { calls, events } = await run(prompt)
    expect(calls).toEqual(['Save'])
    expect(events[0]).toEqual({ type: 'cached', nodes: ['one'] })
  })

  it('gives way under its limit without breaking the run', async () => {
    const { run, cache } = bench(new ResultCache({ maxEntries: 1 }))
    expect((await run(sum)).shown).toEqual({ show: [3] })
    expect(cache.size).toBe(1)
    expect((await run(sum)).calls).toEqual([])
  })

  it('keeps the last prompt and lets go of older ones above the budget', async () => {
    const { run, cache } = bench(new ResultCache({ budgetBytes: 0 }))
    // Numbers count no bytes; texts do.
    const texts = (value: string): ShortPrompt => ({
      probe: ['Probe', { value }],
      show: ['Show', { value: ['probe', 0] }],
    })
    await run(texts('a'))
    expect((await run(texts('a'))).calls).toEqual([])
    await run(texts('b'))
    expect(cache.bytes).toBe(2)
    expect((await run(texts('a'))).calls).toEqual(['Probe', 'Show'])
  })
})

describe('failures', () => {
  const broken: ShortPrompt = {
    one: ['Number', { value: 1 }],
    fail: ['Fail', { value: ['one', 0] }],
    show: ['Show', { value: ['fail', 0] }],
  }

  it('name the node and what had been executed, and keep that', async () => {
    const { run } = bench()
    const { last } = await run(broken)
    expect(last).toMatchObject({
      type: 'failed',
      node: 'fail',
      nodeType: 'Fail',
      code: 'node_failed',
      message: 'It broke.',
      exceptionType: 'Error',
      inputs: { value: [1] },
      executed: ['one'],
    })
    expect((await run(broken)).calls).toEqual(['Fail'])
    expect((await run({ ...broken, show: ['Show', { value: ['one', 0] }] })).calls).toEqual([
      'Show',
    ])
  })

  it.each<[string, ShortPrompt, object]>([
    [
      'an unknown type',
      { a: ['Nope'], s: ['Show', { value: ['a', 0] }] },
      { code: 'node_type_missing', node: 'a' },
    ],
    ['a link to nowhere', { s: ['Show', { value: ['a', 0] }] }, { code: 'link_broken', node: 's' }],
    [
      'a link to no output',
      { a: ['Number', { value: 1 }], s: ['Show', { value: ['a', 3] }] },
      { code: 'link_broken', node: 's' },
    ],
    ['no output node', { a: ['Number', { value: 1 }] }, { code: 'no_outputs' }],
    ['a missing input', { s: ['Show'] }, { code: 'bad_input', node: 's' }],
    [
      'a literal of the wrong type',
      { a: ['Number', { value: 'x' }], s: ['Show', { value: ['a', 0] }] },
      { code: 'bad_input', node: 'a' },
    ],
    [
      "a node's own check",
      { a: ['Checked', { value: 7 }], s: ['Show', { value: ['a', 0] }] },
      { code: 'check_failed', node: 'a', message: 'No sevens.', executed: [] },
    ],
    [
      'a cycle',
      {
        a: ['Add', { a: ['b', 0] }],
        b: ['Add', { a: ['a', 0] }],
        s: ['Show', { value: ['a', 0] }],
      },
      { code: 'cycle', node: 'a' },
    ],
  ])('%s', async (_, prompt, expected) => {
    expect((await bench().run(prompt)).last).toMatchObject({ type: 'failed', ...expected })
  })

  it('leave no stack trace in the message', async () => {
    const message = 'Broken.\n    at run (file.ts:1:1)'
    const { last } = await bench().run({ ...broken, fail: ['Fail', { value: 1, message }] })
    expect(last).toMatchObject({ message: 'Broken.' })
  })

  it('are said in words for broken JSON', async () => {
    expect((await bench().run({}, { prompt: '{' })).last).toMatchObject({ type: 'failed' })
  })
})

describe('an interrupt', () => {
  it('ends the run at once and names what had been executed', async () => {
    const abort = new AbortController()
    const { run } = bench()
    const prompt: ShortPrompt = {
      steps: ['Steps', { steps: 1 }],
      slow: ['Steps', { steps: 1000, ms: 5, after: ['steps', 0] }],
      show: ['Show', { value: ['slow', 0] }],
    }
    const { last, events } = await run(prompt, {
      signal: abort.signal,
      onEvent: event => {
        if (event.type === 'progress' && event.node === 'slow') abort.abort()
      },
    })
    expect(last).toEqual({ type: 'interrupted', node: 'slow', executed: ['steps'] })
    expect(events.filter(event => event.type === 'done')).toHaveLength(1)
  })

  it('arrives between nodes that never wait', async () => {
    const abort = new AbortController()
    const { run } = bench()
    const chain: ShortPrompt = { n0: ['Number', { value: 0 }] }
    for (let i = 1; i <= 5_000; i++) chain[`n${i}`] = ['Add', { a: [`n${i - 1}`, 0] }]
    chain.show = ['Show', { value: ['n5000', 0] }]
    const { last, calls } = await run(chain, {
      signal: abort.signal,
      // As a message from the host would: on a turn of the event loop.
      onEvent: event => event.type === 'cached' && setImmediate(() => abort.abort()),
    })
    expect(last.type).toBe('interrupted')
    expect(calls.length).toBeLessThan(5_000)
  })
})

describe('lists', () => {
  it('call a node once per entry, shorter lists repeat their last', async () => {
    const { shown, calls } = await bench().run({
      range: ['Range', { count: 4 }],
      short: ['Range', { count: 2 }],
      add: ['Add', { a: ['range', 0], b: ['short', 0] }],
      sum: ['Sum', { values: ['add', 0] }],
      show: ['Show', { value: ['add', 0] }],
      total: ['Show', { value: ['sum', 0] }],
    })
    // 0+0, 1+1, 2+1, 3+1
    expect(shown).toEqual({ show: [0, 2, 3, 4], total: [9] })
    expect(calls.filter(type => type === 'Add')).toHaveLength(4)
  })

  it('may be empty', async () => {
    const { shown, last } = await bench().run({
      range: ['Range', { count: 0 }],
      add: ['Add', { a: ['range', 0] }],
      sum: ['Sum', { values: ['add', 0] }],
      total: ['Show', { value: ['sum', 0] }],
    })
    expect(last.type).toBe('finished')
    expect(shown).toEqual({ total: [0] })
  })
})

describe('lazy inputs', () => {
  const choose = (first: unknown): ShortPrompt => ({
    a: ['Number', { value: 1 }],
    b: ['Outside', { value: 2 }],
    choose: ['Choose', { first, a: ['a', 0], b: ['b', 0] }],
    show: ['Show', { value: ['choose', 0] }],
  })

  it('are evaluated when asked for', async () => {
    const { calls, shown, events } = await bench().run(choose(true))
    expect(calls).toEqual(['Number', 'Choose', 'Show'])
    expect(shown).toEqual({ show: [1] })
    const started = events.flatMap(event => (event.type === 'started' ? [event.node] : []))
    expect(started).toEqual(['choose', 'a', 'choose', 'show'])
  })

  it('come from the cache where they can', async () => {
    const { run } = bench()
    await run(choose(true))
    expect((await run(choose(false))).calls).toEqual(['Outside', 'Choose', 'Show'])
    expect((await run(choose(true))).calls).toEqual([])
  })

  it('are asked for over a whole list', async () => {
    const { shown } = await bench().run(
      choose(['range', 0]) && {
        ...choose(['range', 0]),
        range: ['Range', { count: 2 }],
      },
    )
    // First entry 0: false → b; second 1: true → a.
    expect(shown).toEqual({ show: [2, 1] })
  })
})

describe('concurrent nodes', () => {
  it('wait together', async () => {
    const { calls, shown } = await bench().run({
      a: ['Wait', { value: 1 }],
      b: ['Wait', { value: 2 }],
      add: ['Add', { a: ['a', 0], b: ['b', 0] }],
      show: ['Show', { value: ['add', 0] }],
    })
    expect(calls).toEqual(['Wait', 'Wait 2 begins', 'Wait', 'Wait 1 begins', 'Add', 'Show'])
    expect(shown).toEqual({ show: [3] })
  })

  it('are not waited for after a failure, and are stopped', async () => {
    const { last, events } = await bench().run({
      slow: ['Wait', { value: 1, ms: 60_000 }],
      fail: ['Fail', { value: 1 }],
      add: ['Add', { a: ['slow', 0], b: ['fail', 0] }],
      show: ['Show', { value: ['add', 0] }],
    })
    expect(last).toMatchObject({ type: 'failed', node: 'fail' })
    expect(events.some(event => event.type === 'done')).toBe(false)
  })

  it('are interrupted', async () => {
    const abort = new AbortController()
    const { last } = await bench().run(
      { slow: ['Wait', { ms: 60_000 }], show: ['Show', { value: ['slow', 0] }] },
      {
        signal: abort.signal,
        onEvent: e => e.type === 'started' && setImmediate(() => abort.abort()),
      },
    )
    expect(last).toMatchObject({ type: 'interrupted', executed: [] })
  })
})

describe('blockers', () => {
  const blocking = (message?: string): ShortPrompt => ({
    range: ['Range', { count: 3 }],
    block: ['Block', { value: ['range', 0], when: 1, message }],
    add: ['Add', { a: ['block', 0], b: 10 }],
    more: ['Add', { a: ['add', 0], b: 10 }],
    show: ['Show', { value: ['more', 0] }],
  })

  it('keep out one entry of a list, silently', async () => {
    const { shown, events, last } = await bench().run(blocking())
    expect(shown).toEqual({ show: [20, 22] })
    expect(typesOf(events)).not.toContain('blocked')
    expect(last.type).toBe('finished')
  })

  it('say their message once, where they are met first', async () => {
    const { events, shown } = await bench().run(blocking('Too small.'))
    expect(events.filter(event => event.type === 'blocked')).toEqual([
      { type: 'blocked', node: 'add', message: 'Too small.' },
    ])
    expect(shown).toEqual({ show: [20, 22] })
  })

  it('keep a node that takes whole lists from running', async () => {
    const { calls, last } = await bench().run({
      ...blocking(),
      show: ['Show', { value: ['sum', 0] }],
      sum: ['Sum', { values: ['block', 0] }],
    })
    expect(calls).toEqual(['Range', 'Block', 'Block', 'Block'])
    expect(last.type).toBe('finished')
  })
})

describe('expansion', () => {
  const twice = (by: unknown): ShortPrompt => ({
    one: ['Number', { value: 1 }],
    twice: ['AddTwice', { value: ['one', 0], by }],
    show: ['Show', { value: ['twice', 0] }],
  })

  it('runs the graph a node answered with, shown as that node', async () => {
    const { run } = bench()
    const { shown, events } = await run(twice(5))
    expect(shown).toEqual({ show: [11] })
    const started = events.filter(event => event.type === 'started')
    expect(started).toEqual([
      { type: 'started', node: 'one' },
      { type: 'started', node: 'twice' },
      { type: 'started', node: 'twice.0.0.1', display: 'twice' },
      { type: 'started', node: 'twice.0.0.2', display: 'twice' },
      { type: 'started', node: 'show' },
    ])
    expect((await run(twice(5))).calls).toEqual([])
  })

  it('may link to the graph around it, and hold outputs shown as other nodes', async () => {
    const { events, shown } = await bench().run({
      one: ['Number', { value: 1 }],
      again: ['AddAgain', { link: ['one', 0], by: 2 }],
      show: ['Show', { value: ['again', 0] }],
    })
    expect(shown).toEqual({ show: [3], 'again.0.0.2': [3] })
    expect(events).toContainEqual({
      type: 'shown',
      node: 'again.0.0.2',
      display: 'one',
      shown: { values: [3] },
      cached: false,
    })
  })

  it('may differ from call to call', async () => {
    const { shown } = await bench().run({ ...twice(['range', 0]), range: ['Range', { count: 3 }] })
    expect(shown).toEqual({ show: [1, 3, 5] })
  })

  it('that waits for itself is the fault of the node', async () => {
    const { last } = await bench().run({
      one: ['Number', { value: 1 }],
      circle: ['Circle', { value: ['one', 0] }],
      show: ['Show', { value: ['circle', 0] }],
    })
    expect(last).toMatchObject({ type: 'failed', code: 'cycle', node: 'circle' })
  })
})
