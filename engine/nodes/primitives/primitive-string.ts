import { defineNode, text } from '../define.ts'

export const primitiveString = defineNode({
  type: 'PrimitiveString',
  title: 'String',
  category: 'utils/primitive',
  about: 'A line of text to feed to several nodes.',
  aliases: ['text'],
  inputs: { value: text() },
  outputs: { STRING: 'STRING' },
  run: ({ value }) => ({ STRING: value }),
})
