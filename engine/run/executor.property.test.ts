// Random graphs and random edits, against a reference that evaluates recursively and caches nothing.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bench, type ShortPrompt } from './fixtures/run-prompt.ts'

type Link = [id: string, slot: number]

/** Lists of numbers, as the node types of the tests define them. */
function evaluate(prompt: ShortPrompt, id: string, needed: Set<string>): number[] {
  needed.add(id)
  const [type, inputs = {}] = prompt[id]!
  const input = (name: string): number[] => {
    const value = inputs[name]
    return Array.isArray(value)
      ? evaluate(prompt, (value as Link)[0], needed)
      : [Number(value ?? 1)]
  }
  const mapped = (call: (i: (list: number[]) => number) => number, ...lists: number[][]) =>
    lists.some(list => list.length === 0)
      ? []
      : Array.from({ length: Math.max(...lists.map(list => list.length)) }, (_, i) =>
          call(list => list[Math.min(i, list.length - 1)]!),
        )
  switch (type) {
    case 'Number':
      return input('value')
    case 'Range':
      return Array.from({ length: Number(inputs.count) }, (_, i) => i)
    case 'Sum':
      return [input('values').reduce((sum, value) => sum + value, 0)]
    case 'Choose': {
      const first = input('first').map(Boolean)
      const a = first.includes(true) ? input('a') : [0]
      const b = first.includes(false) ? input('b') : [0]
      return mapped(at => (at(first.map(Number)) ? at(a) : at(b)), first.map(Number), a, b)
    }
    case 'AddTwice': {
      const [value, by] = [input('value'), input('by')]
      return mapped(at => at(value) + 2 * at(by), value, by)
    }
    default: {
      const [a, b] = [input('a'), input('b')]
      return mapped(at => at(a) + at(b), a, b)
    }
  }
}

const node = fc.oneof(
  fc.record({ type: fc.constant('Number'), value: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ type: fc.constant('Range'), value: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    type: fc.constantFrom('Add', 'Add', 'Sum', 'Choose', 'AddTwice'),
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
      Choose: { first: node.value > 0, a, b },
      AddTwice: { value: a, by: node.value },
    }[node.type]
    prompt[`n${i + 1}`] = [node.type, inputs]
  })
  prompt.show = ['Show', { value: [`n${nodes.length}`, 0] }]
  prompt.middle = ['Show', { value: [`n${nodes.length >> 1}`, 0] }]
  return prompt
})

it('shows what a plain evaluation gives, run after run on one cache', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(graph, { minLength: 1, maxLength: 4 }), async prompts => {
      const { run } = bench()
      for (const prompt of prompts) {
        const needed = new Set<string>()
        const expected = {
          show: evaluate(prompt, `${(prompt.show![1]!.value as Link)[0]}`, needed),
          middle: evaluate(prompt, `${(prompt.middle![1]!.value as Link)[0]}`, needed),
        }
        const { shown, events, last } = await run(prompt)
        expect(last).toEqual({ type: 'finished' })
        expect(shown).toEqual(expected)
        const started = events.flatMap(event =>
          event.type === 'started' && !event.display ? [event.node] : [],
        )
        // Nothing runs that the outputs do not need, nothing twice but to be asked for lazy inputs.
        for (const id of started) expect(needed.has(id) || id in expected).toBe(true)
        const again = await run(prompt)
        expect(again.calls).toEqual([])
        expect(again.shown).toEqual(expected)
      }
    }),
    { numRuns: 150 },
  )
})
