import { withReuse } from '../../sampling/model-patches.ts'
import { reuseFields, reuseOf } from '../answer-reuse.ts'
import { defineNode } from '../define.ts'

export const easyCache = defineNode({
  type: 'EasyCache',
  title: 'EasyCache',
  category: 'advanced/debug/model',
  about: 'Quicker: where the network is expected to say much the same again, it is not asked.',
  experimental: true,
  aliases: ['faster', 'speed', 'skip steps'],
  inputs: reuseFields,
  outputs: { MODEL: 'MODEL' },
  run: ({ model, ...values }) => ({ MODEL: withReuse(model, { network: reuseOf(values) }) }),
})
