import { defineNode, text } from '../define.ts'

export const stringReplace = defineNode({
  type: 'StringReplace',
  title: 'Replace',
  category: 'utils/string',
  about: 'Replaces every occurrence of a text by another.',
  aliases: ['find', 'substitute'],
  inputs: {
    string: text({ multiline: true }),
    find: text({ multiline: true }),
    replace: text({ multiline: true }),
  },
  outputs: { STRING: 'STRING' },
  run({ string, find, replace }) {
    // As in Python, an empty text is found between all characters and at both ends.
    if (find === '') return { STRING: ['', ...string, ''].join(replace) }
    return { STRING: string.replaceAll(find, () => replace) }
  },
})
