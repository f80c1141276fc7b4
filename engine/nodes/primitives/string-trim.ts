import { choice, defineNode, text } from '../define.ts'

const trims = {
  Both: (text: string) => text.trim(),
  Left: (text: string) => text.trimStart(),
  Right: (text: string) => text.trimEnd(),
}

export const stringTrim = defineNode({
  type: 'StringTrim',
  title: 'Trim',
  category: 'utils/string',
  about: 'Takes spaces and line breaks off the ends of a text.',
  aliases: ['strip', 'whitespace'],
  inputs: { string: text({ multiline: true }), mode: choice(['Both', 'Left', 'Right']) },
  outputs: { STRING: 'STRING' },
  run: ({ string, mode }) => ({ STRING: trims[mode](string) }),
})
