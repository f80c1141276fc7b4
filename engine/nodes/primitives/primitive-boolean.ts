import { defineNode, toggle } from '../define.ts'

export const primitiveBoolean = defineNode({
  type: 'PrimitiveBoolean',
  title: 'Boolean',
  category: 'utils/primitive',
  about: 'A switch to feed to several nodes.',
  aliases: ['toggle', 'switch', 'true', 'false'],
  inputs: { value: toggle() },
  outputs: { BOOLEAN: 'BOOLEAN' },
  run: ({ value }) => ({ BOOLEAN: value }),
})
