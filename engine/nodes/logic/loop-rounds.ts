import { furtherRounds, loopOf } from '../../run/loop.ts'
import type { RunNode } from '../../run/planner.ts'
import { defineNode, expand, grown, socket } from '../define.ts'
import { loopFields, roundsOf } from '../loop-fields.ts'

interface Told {
  end: string
  accumulate: boolean
  links: Record<string, unknown>
}

export const loopRounds = defineNode({
  type: 'LoopRounds',
  title: 'Loop Rounds',
  category: 'logic/loop',
  about: 'What an End Loop adds to a running workflow: the rounds after the first.',
  internal: true,
  inputIsList: true,
  listOutputs: ['outputs'],
  inputs: { ...loopFields(), loop: socket('*') },
  outputs: { outputs: '*' },
  hidden: { graph: 'DYNPROMPT' },
  run(inputs) {
    const lists = inputs as unknown as Record<string, readonly unknown[]>
    const graph = lists.graph![0] as ReadonlyMap<string, RunNode>
    const { end, accumulate, links } = lists.loop![0] as Told
    const rounds = roundsOf(lists)
    if (rounds.indices.length === 0) return { outputs: [] }
    const { expansion, results, lasting } = furtherRounds(
      graph,
      loopOf(graph, end),
      {
        output: links.output_value,
        next: links.next_iteration_value,
        terminations: grown('terminations', links).map(([, link]) => link),
      },
      rounds,
    )
    const kept = links.output_value ? (accumulate ? results : results.slice(-1)) : []
    const result = expansion.add('LoopResult', {
      ...Object.fromEntries(kept.map((link, round) => [`value.${round}`, link])),
      ...Object.fromEntries(lasting.map((link, i) => [`after.${i}`, link])),
    })
    return { outputs: result.output(0), [expand]: expansion }
  },
})
