import { choice, defineNode, text } from '../define.ts'

const modes = ['UPPERCASE', 'lowercase', 'Capitalize', 'Title Case'] as const

const capitalize = (word: string): string => {
  const [first = '', ...rest] = word
  return first.toUpperCase() + rest.join('').toLowerCase()
}

const convert: Record<(typeof modes)[number], (text: string) => string> = {
  UPPERCASE: text => text.toUpperCase(),
  lowercase: text => text.toLowerCase(),
  Capitalize: capitalize,
  // Python's title(): every run of letters starts large, also after an apostrophe.
  'Title Case': text => text.replace(/\p{L}+/gu, capitalize),
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
