import { describe, expect, test } from 'vitest'
import { tensor } from '../../tensor.ts'
import { type NodeType, type RunContext, ui } from '../define.ts'
import { caseConverter } from './case-converter.ts'
import { previewAny } from './preview-any.ts'
import { primitiveInt } from './primitive-int.ts'
import { regexExtract } from './regex-extract.ts'
import { regexMatch } from './regex-match.ts'
import { regexReplace } from './regex-replace.ts'
import { stringCompare } from './string-compare.ts'
import { stringConcatenate } from './string-concatenate.ts'
import { stringContains } from './string-contains.ts'
import { stringLength } from './string-length.ts'
import { stringReplace } from './string-replace.ts'
import { stringSubstring } from './string-substring.ts'
import { stringTrim } from './string-trim.ts'

const run = async (node: NodeType, inputs: object): Promise<unknown> =>
  Object.values(await node.run(inputs as never, {} as RunContext))[0]

/** What Python's string methods and `re` answer. */
const table: [NodeType, object, unknown][] = [
  [stringConcatenate, { string_a: 'a', string_b: 'b', delimiter: ', ' }, 'a, b'],
  [stringSubstring, { string: 'abc🐈e', start: 1, end: 4 }, 'bc🐈'],
  [stringSubstring, { string: 'abcde', start: -3, end: -1 }, 'cd'],
  [stringSubstring, { string: 'abcde', start: 3, end: 1 }, ''],
  [stringLength, { string: 'a🐈猫' }, 3],
  [caseConverter, { string: 'hELLO wORLD', mode: 'UPPERCASE' }, 'HELLO WORLD'],
  [caseConverter, { string: 'hELLO wORLD', mode: 'lowercase' }, 'hello world'],
  [caseConverter, { string: 'hELLO wORLD', mode: 'Capitalize' }, 'Hello world'],
  [caseConverter, { string: "they're éTé 3d", mode: 'Title Case' }, "They'Re Été 3D"],
  [stringTrim, { string: ' \n a \t', mode: 'Both' }, 'a'],
  [stringTrim, { string: '  a  ', mode: 'Left' }, 'a  '],
  [stringTrim, { string: '  a  ', mode: 'Right' }, '  a'],
  [stringReplace, { string: 'a.b.c', find: '.', replace: '$&' }, 'a$&b$&c'],
  [stringReplace, { string: 'ab', find: '', replace: '-' }, '-a-b-'],
  [stringContains, { string: 'Hello', substring: 'hell', case_sensitive: true }, false],
  [stringContains, { string: 'Hello', substring: 'hell', case_sensitive: false }, true],
  [
    stringCompare,
    { string_a: 'ABC', string_b: 'ab', mode: 'Starts With', case_sensitive: false },
    true,
  ],
  [
    stringCompare,
    { string_a: 'ABC', string_b: 'bc', mode: 'Ends With', case_sensitive: true },
    false,
  ],
  [stringCompare, { string_a: 'a', string_b: 'a', mode: 'Equal', case_sensitive: true }, true],
  [
    regexMatch,
    { string: 'a\nB', regex_pattern: '^b$', case_insensitive: true, multiline: true },
    true,
  ],
  [regexMatch, { string: 'a\nb', regex_pattern: 'a.b', dotall: false }, false],
  [regexMatch, { string: 'a\nb', regex_pattern: 'a.b', dotall: true }, true],
  [regexMatch, { string: 'ab', regex_pattern: '(?P<x>a)(?P=x)' }, false],
  [regexMatch, { string: 'a(', regex_pattern: '(' }, false],
  [
    regexExtract,
    { string: 'a1 b22', regex_pattern: '\\d+', mode: 'First Match', group_index: 1 },
    '1',
  ],
  [
    regexExtract,
    { string: 'a1 b22', regex_pattern: '\\d+', mode: 'All Matches', group_index: 1 },
    '1\n22',
  ],
  [
    regexExtract,
    { string: 'a1 b22', regex_pattern: '([ab])(\\d+)', mode: 'First Group', group_index: 2 },
    '1',
  ],
  [
    regexExtract,
    { string: 'a1 b22', regex_pattern: '([ab])(\\d+)', mode: 'All Groups', group_index: 2 },
    '1\n22',
  ],
  [regexExtract, { string: 'a1', regex_pattern: 'x', mode: 'First Match', group_index: 1 }, ''],
  [regexReplace, { string: 'a1 b2', regex_pattern: '([ab])(\\d)', replace: '\\2\\1' }, '1a 2b'],
  [regexReplace, { string: 'aaa', regex_pattern: 'a', replace: 'b', count: 2 }, 'bba'],
  [regexReplace, { string: 'ab', regex_pattern: 'x*', replace: '-' }, '-a-b-'],
  [regexReplace, { string: 'a b', regex_pattern: '(?P<w>\\w)', replace: '[\\g<w>]' }, '[a] [b]'],
  [regexReplace, { string: 'A', regex_pattern: 'a', replace: '$1', case_insensitive: true }, '$1'],
  [primitiveInt, { value: 9223372036854775807n }, 9223372036854775807n],
]

describe('text nodes', () => {
  test.for(table.map(([node, inputs, expected]) => ({ type: node.type, node, inputs, expected })))(
    '$type $inputs',
    async ({ node, inputs, expected }) => expect(await run(node, inputs)).toBe(expected),
  )

  test('a pattern that would run for ever is given up', async () => {
    const inputs = {
      string: `${'a'.repeat(40)}!`,
      regex_pattern: '^(a+)+$',
      case_insensitive: true,
    }
    await expect(run(regexMatch, inputs)).rejects.toThrow(/takes too long/)
  })
})

test.for([
  ['text', 'text'],
  [18446744073709551615n, '18446744073709551615'],
  [0.5, '0.5'],
  [true, 'True'],
  [null, 'None'],
  [['a', 1], '[\n    "a",\n    1\n]'],
] as const)('PreviewAny shows %s as %s', async ([source, text]) => {
  expect((await previewAny.run({ source }, {} as RunContext))[ui]).toEqual({ text: [text] })
})

test('PreviewAny describes a picture and does not print it', async () => {
  const shown = await previewAny.run({ source: tensor([1, 64, 64, 3]) }, {} as RunContext)
  expect(shown[ui]!.text![0]).toContain('12288 numbers')
})
