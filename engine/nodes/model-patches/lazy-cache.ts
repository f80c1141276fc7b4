import { withReuse } from '../../sampling/model-patches.ts'
import { reuseFields, reuseOf } from '../answer-reuse.ts'
import { defineNode } from '../define.ts'

export const lazyCache = defineNode({
  type: 'LazyCache',
  title: 'LazyCache',
  category: 'advanced/debug/model',
  about: 'Like EasyCache, but leaves out a whole step with all guidance, not the network alone.',
  experimental: true,
  aliases: ['faster', 'speed', 'skip steps'],
  inputs: reuseFields,
  outputs: { MODEL: 'MODEL' },
  run: ({ model, ...values }) => ({ MODEL: withReuse(model, { look: reuseOf(values) }) }),
})
