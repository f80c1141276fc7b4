import { defineNode } from '../define.ts'

/** Takes on the widget of whatever it is connected to; the value reaches the prompt from there. */
export const primitiveNode = defineNode({
  type: 'PrimitiveNode',
  title: 'Primitive',
  category: 'utils',
  about: 'One value for the widgets it is connected to.',
  aliases: ['value', 'shared widget'],
  virtual: true,
  inputs: {},
  outputs: { 'connect to widget input': '*' },
  run: () => ({ 'connect to widget input': undefined }),
})
