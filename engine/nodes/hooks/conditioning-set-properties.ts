import { propertyFields, withProperties } from '../conditioning-properties.ts'
import { defineNode, socket } from '../define.ts'

export const conditioningSetProperties = defineNode({
  type: 'ConditioningSetProperties',
  title: 'Cond Set Props',
  category: 'advanced/hooks/cond single',
  about: 'Says where and when a prompt acts, and which LoRAs hold for it alone.',
  aliases: ['mask', 'schedule', 'regional'],
  experimental: true,
  inputs: { cond_NEW: socket('CONDITIONING'), ...propertyFields() },
  outputs: { CONDITIONING: 'CONDITIONING' },
  run: ({ cond_NEW, ...properties }) => ({ CONDITIONING: withProperties(cond_NEW, properties) }),
})
