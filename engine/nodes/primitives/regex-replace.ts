import { defineNode, int, optional, text, toggle } from '../define.ts'
import { compilePattern, expandReplacement, runPattern } from '../pattern.ts'

export const regexReplace = defineNode({
  type: 'RegexReplace',
  title: 'Regex Replace',
  category: 'utils/string',
  about: 'Replaces what a regular expression finds. \\1 in the replacement is the first group.',
  aliases: ['regular expression', 'pattern', 'substitute'],
  inputs: {
    string: text({ multiline: true }),
    regex_pattern: text({ multiline: true }),
    replace: text({ multiline: true }),
    case_insensitive: optional(toggle({ default: true })),
    multiline: optional(toggle({ about: '^ and $ also match at line breaks.' })),
    dotall: optional(toggle({ about: 'A dot also matches line breaks.' })),
    count: optional(
      int({ default: 0, min: 0, max: 100, about: 'At most so many replacements; 0 is all.' }),
    ),
  },
  outputs: { STRING: 'STRING' },
  run({ string, regex_pattern, replace, case_insensitive = true, multiline, dotall, count = 0 }) {
    const pattern = compilePattern(regex_pattern, { case_insensitive, multiline, dotall })
    let result = ''
    let at = 0
    for (const match of runPattern(pattern, string, count || undefined)) {
      result += string.slice(at, match.index) + expandReplacement(replace, match)
      at = match.index + match[0].length
    }
    return { STRING: result + string.slice(at) }
  },
})
