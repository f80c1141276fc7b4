import { propertyFields, withProperties } from '../conditioning-properties.ts'
import { defineNode, socket } from '../define.ts'

export const pairConditioningSetProperties = defineNode({
  type: 'PairConditioningSetProperties',
  title: 'Cond Pair Set Props',
  category: 'advanced/hooks/cond pair',
  about: 'Says where and when a pair of prompts acts, and which LoRAs hold for it alone.',
  aliases: ['mask', 'schedule', 'regional'],
  experimental: true,
  inputs: {
    positive_NEW: socket('CONDITIONING'),
    negative_NEW: socket('CONDITIONING'),
    ...propertyFields(),
  },
  outputs: { positive: 'CONDITIONING', negative: 'CONDITIONING' },
  run: ({ positive_NEW, negative_NEW, ...properties }) => ({
    positive: withProperties(positive_NEW, properties),
    negative: withProperties(negative_NEW, properties),
  }),
})
