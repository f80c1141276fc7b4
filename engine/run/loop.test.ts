import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeTypes } from '../nodes/index.ts'
import { type Bench, bench, type ShortPrompt } from './fixtures/run-prompt.ts'

const loopTypes = ['StartLoop', 'EndLoop', 'LoopRounds', 'LoopIteration', 'LoopResult']
const listTypes = ['CreateList', 'GetItemFromList']

function loopBench(): Bench {
  const made = bench()
  const own = [...loopTypes, ...listTypes].map(name => [name, nodeTypes.get(name)!] as const)
  made.environment.nodeTypes = new Map([...made.types, ...own])
  return made
}

const start = (rounds: number, more: Record<string, unknown> = {}): [string, typeof more] => [
  'StartLoop',
  { mode: 'simple', 'mode.num_iterations': rounds, cache_iterations: true, ...more },
]

/** value = value + index, round after round. */
const summing = (
  rounds: number,
  accumulate: boolean,
  more?: Record<string, unknown>,
): ShortPrompt => ({
  one: ['Number', { value: 1 }],
  start: start(rounds, { initial_iteration_value: ['one', 0], ...more }),
  add: ['Add', { a: ['start', 4], b: ['start', 0] }],
  end: ['EndLoop', { accumulate, output_value: ['add', 0], next_iteration_value: ['add', 0] }],
  sum: ['Sum', { values: ['end', 0] }],
  show: ['Show', { value: ['sum', 0] }],
})

describe('a loop', () => {
  it('hands a value from round to round and gives the last', async () => {
    const { shown, calls } = await loopBench().run(summing(4, false))
    expect(shown.show).toEqual([1 + 0 + 1 + 2 + 3])
    expect(calls.filter(type => type === 'Add')).toHaveLength(4)
  })

  it('gives the value of every round', async () => {
    const { shown } = await loopBench().run(summing(4, true))
    expect(shown.show).toEqual([1 + 2 + 4 + 7])
  })

  it('shows its rounds as the nodes on the canvas', async () => {
    const { events } = await loopBench().run(summing(3, false))
    const displays = events.flatMap(event =>
      event.type === 'started' ? [event.display ?? event.node] : [],
    )
    expect(displays.filter(id => id === 'add')).toHaveLength(3)
    expect(displays.filter(id => id === 'start')).toHaveLength(3)
    expect(new Set(displays)).toEqual(new Set(['one', 'start', 'add', 'end', 'sum', 'show']))
  })

  it('counts like Python’s range', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          from: fc.integer({ min: -5, max: 5 }),
          to: fc.integer({ min: -5, max: 9 }),
          step: fc.integer({ min: -3, max: 3 }).filter(step => step !== 0),
        }),
        async ({ from, to, step }) => {
          const indices: number[] = []
          for (let i = from; step > 0 ? i < to : i > to; i += step) indices.push(i)
          const prompt: ShortPrompt = {
            start: [
              'StartLoop',
              {
                mode: 'For',
                'mode.start_iteration_index': from,
                'mode.max_iteration': to,
                'mode.step': step,
                cache_iterations: true,
              },
            ],
            end: ['EndLoop', { accumulate: true, output_value: ['start', 0] }],
            probe: ['Gathered', { values: ['end', 0] }],
          }
          const made = loopBench()
          const types = new Map(made.environment.nodeTypes)
          let got: unknown[] = []
          types.set('Gathered', {
            ...types.get('Sum')!,
            type: 'Gathered',
            outputNode: true,
            run(inputs: { values: unknown[] }) {
              got = inputs.values
              return { value: 0 }
            },
          })
          made.environment.nodeTypes = types
          const { last } = await made.run(prompt)
          expect(last.type).toBe('finished')
          expect(got).toEqual(indices)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('within a loop runs once for each round of the outer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 3 }), fc.nat({ max: 3 }), async (more, moreInside) => {
        const [outer, inner] = [more + 1, moreInside + 1]
        const { shown, calls, last } = await loopBench().run({
          zero: ['Number', { value: 0 }],
          outer: start(outer, { initial_iteration_value: ['zero', 0] }),
          inner: start(inner, {
            parent_iteration: ['outer', 0],
            initial_iteration_value: ['outer', 4],
          }),
          // + 1 a round, so that the sum counts the rounds
          add: ['Add', { a: ['inner', 4], b: 1 }],
          innerEnd: [
            'EndLoop',
            { accumulate: false, output_value: ['add', 0], next_iteration_value: ['add', 0] },
          ],
          end: [
            'EndLoop',
            {
              accumulate: false,
              output_value: ['innerEnd', 0],
              next_iteration_value: ['innerEnd', 0],
            },
          ],
          show: ['Show', { value: ['end', 0] }],
        })
        expect(last).toEqual({ type: 'finished' })
        expect(shown.show).toEqual([outer * inner])
        expect(calls.filter(type => type === 'Add')).toHaveLength(outer * inner)
      }),
      { numRuns: 16 },
    )
  })

  it('goes through a list', async () => {
    const { shown } = await loopBench().run({
      range: ['Range', { count: 4 }],
      start: ['StartLoop', { mode: 'List', 'mode.list': ['range', 0], cache_iterations: true }],
      add: ['Add', { a: ['start', 3], b: 10 }],
      end: ['EndLoop', { accumulate: true, output_value: ['add', 0] }],
      sum: ['Sum', { values: ['end', 0] }],
      show: ['Show', { value: ['sum', 0] }],
    })
    expect(shown.show).toEqual([10 + 11 + 12 + 13])
  })

  it('runs in every round what it is told must run, one round after the other', async () => {
    const { events, last } = await loopBench().run({
      start: start(3),
      save: ['Probe', { value: ['start', 0] }],
      end: ['EndLoop', { accumulate: false, 'terminations.termination0': ['save', 0] }],
    })
    expect(last.type).toBe('finished')
    const rounds = events.flatMap(event =>
      event.type === 'started' && (event.display ?? event.node) === 'save' ? [event.node] : [],
    )
    expect(rounds).toEqual(['save', 'end.0.0.1.0.0.1.save', 'end.0.0.1.0.0.2.save'])
  })

  it('takes its rounds from the cache only when told to', async () => {
    const kept = loopBench()
    await kept.run(summing(3, true))
    expect((await kept.run(summing(3, true))).calls).toEqual([])
    const anew = loopBench()
    const prompt = summing(3, true, { cache_iterations: false })
    await anew.run(prompt)
    expect((await anew.run(prompt)).calls.filter(type => type === 'Add')).toHaveLength(3)
  })

  it('can be interrupted between two rounds', async () => {
    const stop = new AbortController()
    const { last, calls } = await loopBench().run(summing(50, false), {
      signal: stop.signal,
      onEvent: event => {
        if (event.type === 'done' && event.node.endsWith('5.add')) stop.abort()
      },
    })
    expect(last.type).toBe('interrupted')
    expect(calls.filter(type => type === 'Add')).toHaveLength(6)
  })

  it.each([
    [
      'without a start',
      { end: ['EndLoop', { accumulate: false, output_value: ['one', 0] }] },
      /No Start Loop leads/,
    ],
    [
      'with two starts that do not follow each other',
      {
        a: start(2),
        b: start(2),
        add: ['Add', { a: ['a', 0], b: ['b', 0] }],
        end: ['EndLoop', { accumulate: false, output_value: ['add', 0] }],
      },
      /Several Start Loops/,
    ],
    ['of too many nodes', { ...summing(10_000, false), ...wide(12) }, /at most 100000 are allowed/],
  ])('%s is refused in words', async (_, prompt, words) => {
    const { last } = await loopBench().run({
      one: ['Number', { value: 1 }],
      ...prompt,
    } as ShortPrompt)
    expect(last).toMatchObject({ type: 'failed', message: expect.stringMatching(words) })
  })
})

/** A body of so many additions. */
function wide(count: number): ShortPrompt {
  const nodes: ShortPrompt = {}
  for (let i = 0; i < count; i++)
    nodes[`w${i}`] = ['Add', { a: i === 0 ? ['add', 0] : [`w${i - 1}`, 0] }]
  nodes.end = ['EndLoop', { accumulate: false, output_value: [`w${count - 1}`, 0] }]
  return nodes
}
