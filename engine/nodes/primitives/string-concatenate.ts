import { defineNode, text } from '../define.ts'

export const stringConcatenate = defineNode({
  type: 'StringConcatenate',
  title: 'Concatenate',
  category: 'utils/string',
  about: 'Joins two texts, with something between them if wanted.',
  aliases: ['join', 'append', 'combine text'],
  inputs: {
    string_a: text({ multiline: true }),
    string_b: text({ multiline: true }),
    delimiter: text({ about: 'Goes between the two.' }),
  },
  outputs: { STRING: 'STRING' },
  run: ({ string_a, string_b, delimiter }) => ({ STRING: string_a + delimiter + string_b }),
})
