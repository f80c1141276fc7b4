import { blocked, defineNode, optional, socket, toggle } from '../define.ts'
import { loopFields, roundOutputs, roundsOf } from '../loop-fields.ts'

export const startLoop = defineNode({
  type: 'StartLoop',
  title: 'Start Loop',
  category: 'logic/loop',
  about: 'Begins a part of the workflow that runs several times, up to the End Loop behind it.',
  aliases: ['repeat', 'for', 'iterate', 'each'],
  experimental: true,
  inputIsList: true,
  listOutputs: ['current_iteration_value'],
  inputs: {
    ...loopFields(),
    cache_iterations: toggle({
      about: 'Take rounds that would come out the same from the last run. Off: run every one anew.',
    }),
    parent_iteration: optional(
      socket('INT', 'Of a loop inside a loop: iteration_index of the outer Start Loop.'),
    ),
    initial_iteration_value: optional(
      socket('*', 'What current_iteration_value is in the first round.'),
    ),
  },
  outputs: roundOutputs,
  changed: ({ cache_iterations }) => (cache_iterations ? 'kept' : Number.NaN),
  run(inputs) {
    // Whole lists come in: the declared types are those of one entry.
    const lists = inputs as unknown as Record<string, readonly unknown[] | undefined>
    const { indices, items } = roundsOf(lists)
    const [first] = indices
    // Without a round nothing in the loop may run.
    if (first === undefined) {
      const none = blocked()
      return {
        iteration_index: none,
        is_first: none,
        is_last: none,
        list_item: none,
        current_iteration_value: none,
      }
    }
    return {
      iteration_index: first,
      is_first: true,
      is_last: indices.length === 1,
      list_item: items?.[0] ?? null,
      current_iteration_value: lists.initial_iteration_value ?? [null],
    }
  },
})
