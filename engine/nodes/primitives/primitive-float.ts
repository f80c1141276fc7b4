import { defineNode, float } from '../define.ts'

export const primitiveFloat = defineNode({
  type: 'PrimitiveFloat',
  title: 'Float',
  category: 'utils/primitive',
  about: 'A number to feed to several nodes.',
  aliases: ['number', 'decimal'],
  inputs: { value: float({ default: 0, min: -(2 ** 63), max: 2 ** 63, step: 0.1 }) },
  outputs: { FLOAT: 'FLOAT' },
  run: ({ value }) => ({ FLOAT: value }),
})
