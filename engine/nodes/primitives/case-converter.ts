import { choice, defineNode, text } from '../define.ts'

const modes = ['UPPERCASE', 'lowercase', 'Capitalize', 'Title Case'] as const

/** Letters that are two written as one: where a word begins only the first of them is large. */
const twins: Record<string, string> = {
  Ǆ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǳ: 'ǲ',
}

const capitalize = (word: string): string => {
  const [first = ''] = word
  const [large = '', ...more] = first.toUpperCase()
  // Lower case looks at the whole word: a Greek one ends in ς.
  const rest = word.toLowerCase().slice(first.toLowerCase().length)
  return (twins[first] ?? large + more.join('').toLowerCase()) + rest
}

const convert: Record<(typeof modes)[number], (text: string) => string> = {
  UPPERCASE: text => text.toUpperCase(),
  lowercase: text => text.toLowerCase(),
  Capitalize: capitalize,
  // Python's title(): every run of letters with a case starts large, also after an apostrophe.
  'Title Case': text => text.replace(/\p{Cased}+/gu, capitalize),
}

export const caseConverter = defineNode({
  type: 'CaseConverter',
  title: 'Case Converter',
  category: 'utils/string',
  about: 'Changes between upper and lower case.',
  aliases: ['upper', 'lower', 'capital letters'],
  inputs: { string: text({ multiline: true }), mode: choice(modes) },
  outputs: { STRING: 'STRING' },
  run: ({ string, mode }) => ({ STRING: convert[mode](string) }),
})
