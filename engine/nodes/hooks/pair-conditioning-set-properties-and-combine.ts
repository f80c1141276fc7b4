import { propertyFields, withProperties } from '../conditioning-properties.ts'
import { defineNode, socket } from '../define.ts'

export const pairConditioningSetPropertiesAndCombine = defineNode({
  type: 'PairConditioningSetPropertiesAndCombine',
  title: 'Cond Pair Set Props Combine',
  category: 'advanced/hooks/cond pair',
  about: 'Adds a pair of prompts that act in a place, at a time or with LoRAs of their own.',
  aliases: ['mask', 'schedule', 'regional'],
  experimental: true,
  inputs: {
    positive: socket('CONDITIONING'),
    negative: socket('CONDITIONING'),
    positive_NEW: socket('CONDITIONING'),
    negative_NEW: socket('CONDITIONING'),
    ...propertyFields(),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run: ({ positive, negative, positive_NEW, negative_NEW, ...properties }) => ({
    positive: [...positive, ...withProperties(positive_NEW, properties)],
    negative: [...negative, ...withProperties(negative_NEW, properties)],
  }),
})
