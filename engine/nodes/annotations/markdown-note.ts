import { defineNode, text } from '../define.ts'

export const markdownNote = defineNode({
  type: 'MarkdownNote',
  title: 'Markdown Note',
  category: 'utils',
  about: 'Formatted text on the canvas. It takes no part in a run.',
  aliases: ['comment', 'readme', 'text'],
  virtual: true,
  inputs: { text: text({ multiline: true }) },
  outputs: {},
  run: () => ({}),
})
