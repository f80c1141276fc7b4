import { defineNode, text, toggle } from '../define.ts'
import { compilePattern, runPattern } from '../pattern.ts'

export const regexMatch = defineNode({
  type: 'RegexMatch',
  title: 'Regex Match',
  category: 'utils/string',
  about: 'Whether a regular expression is found in a text.',
  aliases: ['regular expression', 'pattern'],
  inputs: {
    string: text({ multiline: true }),
    regex_pattern: text({ multiline: true }),
    case_insensitive: toggle({ default: true }),
    multiline: toggle({ about: '^ and $ also match at line breaks.' }),
    dotall: toggle({ about: 'A dot also matches line breaks.' }),
  },
  outputs: { matches: 'BOOLEAN' },
  run({ string, regex_pattern, ...flags }) {
    try {
      const pattern = compilePattern(regex_pattern, flags)
      return { matches: runPattern(pattern, string, 1).length > 0 }
    } catch (error) {
      if (error instanceof SyntaxError) return { matches: false }
      throw error
    }
  },
})
