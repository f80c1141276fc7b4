import { defineNode, int, socket, toggle } from '../define.ts'
import { roundOutputs } from '../loop-fields.ts'

export const loopIteration = defineNode({
  type: 'LoopIteration',
  title: 'Loop Iteration',
  category: 'logic/loop',
  about: 'Stands for the Start Loop in the rounds after the first.',
  internal: true,
  inputIsList: true,
  listOutputs: ['current_iteration_value'],
  inputs: {
    iteration_index: int({
      default: 0,
      min: Number.MIN_SAFE_INTEGER,
      max: Number.MAX_SAFE_INTEGER,
    }),
    is_first: toggle(),
    is_last: toggle(),
    list_item: socket('*'),
    current_iteration_value: socket('*'),
  },
  outputs: roundOutputs,
  run(inputs) {
    const lists = inputs as unknown as Record<keyof typeof inputs, readonly unknown[]>
    return {
      iteration_index: lists.iteration_index[0] as number,
      is_first: lists.is_first[0] as boolean,
      is_last: lists.is_last[0] as boolean,
      list_item: (lists.list_item[0] as { item: unknown }).item,
      current_iteration_value: lists.current_iteration_value,
    }
  },
})
