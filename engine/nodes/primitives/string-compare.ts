import { choice, defineNode, text, toggle } from '../define.ts'

const comparisons = {
  'Starts With': (a: string, b: string) => a.startsWith(b),
  'Ends With': (a: string, b: string) => a.endsWith(b),
  Equal: (a: string, b: string) => a === b,
}

export const stringCompare = defineNode({
  type: 'StringCompare',
  title: 'Compare',
  category: 'utils/string',
  about: 'Whether the first text begins with, ends with or equals the second.',
  aliases: ['equals', 'starts with', 'ends with'],
  inputs: {
    string_a: text({ multiline: true }),
    string_b: text({ multiline: true }),
    mode: choice(['Starts With', 'Ends With', 'Equal']),
    case_sensitive: toggle({ default: true }),
  },
  outputs: { BOOLEAN: 'BOOLEAN' },
  run({ string_a, string_b, mode, case_sensitive }) {
    const fold = (text: string) => (case_sensitive ? text : text.toLowerCase())
    return { BOOLEAN: comparisons[mode](fold(string_a), fold(string_b)) }
  },
})
