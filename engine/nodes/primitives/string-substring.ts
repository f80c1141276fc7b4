import { defineNode, int, text } from '../define.ts'

const place = (about: string) => int({ default: 0, min: -(2 ** 53), max: 2 ** 53, about })

export const stringSubstring = defineNode({
  type: 'StringSubstring',
  title: 'Substring',
  category: 'utils/string',
  about: 'Cuts a piece out of a text. Negative places count from the end.',
  aliases: ['slice', 'cut text'],
  inputs: {
    string: text({ multiline: true }),
    start: place('The first character, counted from 0.'),
    end: place('The character that is no longer part of it.'),
  },
  outputs: { STRING: 'STRING' },
  // By characters, not UTF-16 units: an emoji counts as one.
  run: ({ string, start, end }) => ({ STRING: [...string].slice(start, end).join('') }),
})
