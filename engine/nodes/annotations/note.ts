import { defineNode, text } from '../define.ts'

export const note = defineNode({
  type: 'Note',
  title: 'Note',
  category: 'utils',
  about: 'Plain text on the canvas. It takes no part in a run.',
  aliases: ['comment', 'text'],
  virtual: true,
  inputs: { text: text({ multiline: true }) },
  outputs: {},
  run: () => ({}),
})
