import { Expansion } from '../../run/expansion.ts'
import { loopOf } from '../../run/loop.ts'
import type { RunNode } from '../../run/planner.ts'
import { defineNode, expand, growing, numbered, optional, socket, toggle } from '../define.ts'
import { asLink } from '../loop-fields.ts'

export const endLoop = defineNode({
  type: 'EndLoop',
  title: 'End Loop',
  category: 'logic/loop',
  about: 'Ends the part that a Start Loop began, runs it again and collects what the rounds give.',
  aliases: ['repeat', 'for', 'iterate', 'collect'],
  experimental: true,
  outputNode: true,
  listOutputs: ['outputs'],
  inputs: {
    accumulate: toggle({ about: 'Give the value of every round, not only that of the last.' }),
    output_value: optional(asLink(socket('*', 'What the loop gives.'))),
    next_iteration_value: optional(
      asLink(socket('*', 'What the next round gets as current_iteration_value.')),
    ),
    ...growing(
      'terminations',
      numbered('termination', 50),
      asLink(socket('*', 'What must run in every round besides; its value is not used.')),
      0,
    ),
  },
  outputs: { outputs: '*' },
  hidden: { graph: 'DYNPROMPT', id: 'UNIQUE_ID' },
  run(inputs) {
    const { graph, id, accumulate, ...links } = inputs as typeof inputs & {
      graph: ReadonlyMap<string, RunNode>
      id: string
    }
    const { start } = loopOf(graph, id)
    const asked = Object.entries(graph.get(start)!.inputs).filter(([name]) => /^mode\b/.test(name))
    const expansion = new Expansion()
    // The values of the Start Loop's inputs are known only when they have run: one more step.
    const rounds = expansion.add('LoopRounds', {
      ...Object.fromEntries(asked),
      // What the first round gave decides whether the others have been run before.
      ...Object.fromEntries(Object.entries(links).map(([name, link]) => [`first.${name}`, link])),
      loop: { end: id, accumulate, links },
    })
    return { outputs: rounds.output(0), [expand]: expansion }
  },
})
