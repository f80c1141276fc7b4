import { defineNode, text, toggle } from '../define.ts'

export const stringContains = defineNode({
  type: 'StringContains',
  title: 'Contains',
  category: 'utils/string',
  about: 'Whether a text holds another.',
  aliases: ['includes', 'search'],
  inputs: {
    string: text({ multiline: true }),
    substring: text({ multiline: true }),
    case_sensitive: toggle({ default: true }),
  },
  outputs: { contains: 'BOOLEAN' },
  run: ({ string, substring, case_sensitive }) => ({
    contains: case_sensitive
      ? string.includes(substring)
      : string.toLowerCase().includes(substring.toLowerCase()),
  }),
})
