import { defineNode, text } from '../define.ts'

export const primitiveStringMultiline = defineNode({
  type: 'PrimitiveStringMultiline',
  title: 'String (Multiline)',
  category: 'utils/primitive',
  about: 'Text of several lines to feed to several nodes.',
  aliases: ['text', 'prompt'],
  inputs: { value: text({ multiline: true }) },
  outputs: { STRING: 'STRING' },
  run: ({ value }) => ({ STRING: value }),
})
