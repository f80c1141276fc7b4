// Random graphs of lists, lazy inputs, blockers and expansions, random edits and random targets,
// against a reference that evaluates recursively and caches nothing.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bench, type ShortPrompt } from './fixtures/run-prompt.ts'

type Link = [id: string, slot: number]

/** In the place of a number: whoever gets it does not run. */
const blocked = null
type Entry = number | typeof blocked

/** Lists of numbers, as the node types of the tests define them. */
function evaluate(prompt: ShortPrompt, id: string, needed: Set<string>): Entry[] {
  needed.add(id)
  const [type, inputs = {}] = prompt[id]!
  const input = (name: string): Entry[] => {
    const value = inputs[name]
    return Array.isArray(value)
      ? evaluate(prompt, (value as Link)[0], needed)
      : [Number(value ?? 1)]
  }
  const mapped = (call: (...entries: number[]) => Entry, ...lists: Entry[][]): Entry[] =>
    lists.some(list => list.length === 0)
      ? []
      : Array.from({ length: Math.max(...lists.map(list => list.length)) }, (_, i) => {
          const entries = lists.map(list => list[Math.min(i, list.length - 1)]!)
          return entries.some(entry => entry === blocked) ? blocked : call(...(entries as number[]))
        })
  switch (type) {
    case 'Number':
      return input('value')
    case 'Range':
      return Array.from({ length: Number(inputs.count) }, (_, i) => i)
    case 'Sum': {
      const values = input('values')
      return values.includes(blocked)
        ? [blocked]
        : [(values as number[]).reduce((sum, value) => sum + value, 0)]
    }
    case 'Block': {
      const [value, when] = [input('value'), input('when')]
      return mapped((v, w) => (v === w ? blocked : v), value, when)
    }
    case 'Choose': {
      const first = input('first')
      const asks = (wanted: boolean) => first.some(entry => entry !== blocked && !!entry === wanted)
      const a = asks(true) ? input('a') : [0]
      const b = asks(false) ? input('b') : [0]
      return mapped((f, x, y) => (f ? x : y), first, a, b)
    }
    case 'AddTwice':
      return mapped((value, by) => value + 2 * by, input('value'), input('by'))
    default:
      return mapped((x, y) => x + y, input('a'), input('b'))
  }
}

const node = fc.oneof(
  fc.record({ type: fc.constant('Number'), value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: fc.constant('Range'), value: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    type: fc.constantFrom('Add', 'Add', 'Sum', 'Choose', 'Block', 'AddTwice'),
    value: fc.integer({ min: 0, max: 2 }),
    sources: fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
  }),
)

const graph = fc.array(node, { minLength: 1, maxLength: 12 }).map(nodes => {
  const prompt: ShortPrompt = { n0: ['Number', { value: 1 }] }
  nodes.forEach((node, i) => {
    const [a, b] = ('sources' in node ? node.sources : [0, 0]).map(n => [`n${n % (i + 1)}`, 0])
    const inputs = {
      Number: { value: node.value },
      Range: { count: node.value },
      Add: { a, b },
      Sum: { values: a },
      // Sometimes told by a list which of the two it takes, call by call.
      Choose: { first: node.value === 2 ? a : node.value > 0, a, b },
      Block: { value: a, when: node.value },
      AddTwice: { value: a, by: node.value },
    }[node.type]
    prompt[`n${i + 1}`] = [node.type, inputs]
  })
  prompt.show = ['Show', { value: [`n${nodes.length}`, 0] }]
  prompt.middle = ['Show', { value: [`n${nodes.length >> 1}`, 0] }]
  return prompt
})

/** What the outputs among `targets` show: the entries that are not blocked. */
function expectedOf(prompt: ShortPrompt, targets: readonly string[], needed: Set<string>) {
  const expected: Record<string, Entry[]> = {}
  for (const target of targets) {
    const [source] = prompt[target]![1]!.value as Link
    const entries = evaluate(prompt, source, needed).filter(entry => entry !== blocked)
    if (entries.length > 0) expected[target] = entries
  }
  return expected
}

const outputs = ['show', 'middle'] as const
const someTargets = fc.constantFrom<string[]>([...outputs], ['show'], ['middle'])

it('shows what a plain evaluation gives, for any targets, run after run on one cache', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(graph, someTargets), { minLength: 1, maxLength: 4 }),
      async prompts => {
        const { run } = bench()
        for (const [prompt, targets] of prompts) {
          const needed = new Set<string>()
          const expected = expectedOf(prompt, targets, needed)
          const { shown, events, last } = await run(prompt, { targets })
          expect(last).toEqual({ type: 'finished' })
          expect(shown).toEqual(expected)
          const started = events.flatMap(event =>
            event.type === 'started' && !event.display ? [event.node] : [],
          )
          // Nothing runs that the targets do not need, nothing twice but to be asked for lazy inputs.
          for (const id of started) expect(needed.has(id) || targets.includes(id)).toBe(true)
          const again = await run(prompt, { targets })
          expect(again.calls).toEqual([])
          expect(again.shown).toEqual(expected)
        }
      },
    ),
    { numRuns: 250 },
  )
})

it('goes on after an interrupt at any event with what had been done', async () => {
  await fc.assert(
    fc.asyncProperty(graph, fc.nat({ max: 30 }), async (prompt, stopAt) => {
      const { run } = bench()
      const stop = new AbortController()
      let heard = 0
      const { last, calls } = await run(prompt, {
        signal: stop.signal,
        onEvent: () => {
          if (heard++ === stopAt) stop.abort()
        },
      })
      const rest = await run(prompt)
      expect(rest.last).toEqual({ type: 'finished' })
      expect(rest.shown).toEqual(expectedOf(prompt, outputs, new Set()))
      if (last.type === 'finished') return
      // What it names as executed is in the cache; nothing of it runs again.
      const executed = last.type === 'interrupted' ? last.executed : []
      const whole = await bench().run(prompt)
      expect(rest.calls.length).toBeLessThanOrEqual(whole.calls.length)
      expect(calls.length).toBeGreaterThanOrEqual(executed.length === 0 ? 0 : 1)
      const again = new Set(
        rest.events.flatMap(event => (event.type === 'started' ? [event.node] : [])),
      )
      for (const id of executed) expect(again.has(id)).toBe(false)
    }),
    { numRuns: 150 },
  )
})
