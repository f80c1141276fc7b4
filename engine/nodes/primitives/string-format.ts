import { defineNode, growing, grown, socket, text } from '../define.ts'
import { formatText } from '../python-format.ts'

/** `a` … `z` */
const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))

export const stringFormat = defineNode({
  type: 'StringFormat',
  title: 'Format Text',
  category: 'utils/string',
  about: 'Puts values into a text, in Python’s notation: {a}, or {b:.2f} with two decimals.',
  aliases: ['template', 'placeholder', 'f-string', 'combine text'],
  inputs: {
    ...growing('values', letters, socket('*'), 0),
    f_string: text({ multiline: true, about: 'The text; {{ and }} stand for braces.' }),
  },
  outputs: { STRING: 'STRING' },
  run: ({ f_string, ...values }) => ({
    STRING: formatText(f_string as string, new Map(grown('values', values))),
  }),
})
