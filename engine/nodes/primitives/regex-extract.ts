import { choice, defineNode, int, text, toggle } from '../define.ts'
import { compilePattern, runPattern } from '../pattern.ts'

export const regexExtract = defineNode({
  type: 'RegexExtract',
  title: 'Regex Extract',
  category: 'utils/string',
  about: 'Takes out of a text what a regular expression finds. Several finds give a line each.',
  aliases: ['regular expression', 'pattern', 'capture'],
  inputs: {
    string: text({ multiline: true }),
    regex_pattern: text({ multiline: true }),
    mode: choice(['First Match', 'All Matches', 'First Group', 'All Groups']),
    case_insensitive: toggle({ default: true }),
    multiline: toggle({ about: '^ and $ also match at line breaks.' }),
    dotall: toggle({ about: 'A dot also matches line breaks.' }),
    group_index: int({
      default: 1,
      min: 0,
      max: 100,
      about: 'Which group; 0 is all that matched.',
    }),
  },
  outputs: { STRING: 'STRING' },
  run({ string, regex_pattern, mode, group_index, ...flags }) {
    let matches: RegExpExecArray[]
    try {
      matches = runPattern(compilePattern(regex_pattern, flags), string)
    } catch (error) {
      if (error instanceof SyntaxError) return { STRING: '' }
      throw error
    }
    const group = (match: RegExpExecArray): string[] =>
      group_index < match.length ? [match[group_index] ?? ''] : []
    // Python's findall gives the first group where there is one, else the whole match.
    const whole = (match: RegExpExecArray): string => match[match.length > 1 ? 1 : 0] ?? ''
    switch (mode) {
      case 'First Match':
        return { STRING: matches[0]?.[0] ?? '' }
      case 'All Matches':
        return { STRING: matches.map(whole).join('\n') }
      case 'First Group':
        return { STRING: matches.slice(0, 1).flatMap(group)[0] ?? '' }
      case 'All Groups':
        // Of a pattern without groups there are none, not even the group 0.
        return {
          STRING: matches
            .filter(m => m.length > 1)
            .flatMap(group)
            .join('\n'),
        }
    }
  },
})
