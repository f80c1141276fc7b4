import { defineNode, text } from '../define.ts'

export const stringLength = defineNode({
  type: 'StringLength',
  title: 'Length',
  category: 'utils/string',
  about: 'How many characters a text has.',
  aliases: ['count characters'],
  inputs: { string: text({ multiline: true }) },
  outputs: { length: 'INT' },
  run: ({ string }) => ({ length: [...string].length }),
})
