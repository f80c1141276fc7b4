import { propertyFields, withProperties } from '../conditioning-properties.ts'
import { defineNode, socket } from '../define.ts'

export const conditioningSetPropertiesAndCombine = defineNode({
  type: 'ConditioningSetPropertiesAndCombine',
  title: 'Cond Set Props Combine',
  category: 'advanced/hooks/cond single',
  about: 'Adds a prompt that acts in a place, at a time or with LoRAs of its own to another.',
  aliases: ['mask', 'schedule', 'regional'],
  experimental: true,
  inputs: {
    cond: socket('CONDITIONING'),
    cond_NEW: socket('CONDITIONING'),
    ...propertyFields(),
  },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ cond, cond_NEW, ...properties }) => ({
    CONDITIONING: [...cond, ...withProperties(cond_NEW, properties)],
  }),
})
