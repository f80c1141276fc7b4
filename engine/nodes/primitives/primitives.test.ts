import { describe, expect, test } from 'vitest'
import { LosslessNumber } from '../../graph/json.ts'
import { tensor } from '../../tensor.ts'
import { type NodeType, type RunContext, ui } from '../define.ts'
import { caseConverter } from './case-converter.ts'
import { comfyNumberConvert } from './comfy-number-convert.ts'
import { previewAny } from './preview-any.ts'
import { primitiveInt } from './primitive-int.ts'
import { regexExtract } from './regex-extract.ts'
import { regexMatch } from './regex-match.ts'
import { regexReplace } from './regex-replace.ts'
import { stringCompare } from './string-compare.ts'
import { stringConcatenate } from './string-concatenate.ts'
import { stringContains } from './string-contains.ts'
import { stringFormat } from './string-format.ts'
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
  // Letters, digits, spaces and places in a text are Unicode's, characters are whole.
  [regexReplace, { string: 'a, über 猫', regex_pattern: '\\b\\w+', replace: 'x' }, 'x, x x'],
  [regexReplace, { string: 'n٣', regex_pattern: '[^\\W\\d]', replace: '-' }, '-٣'],
  [regexReplace, { string: 'a😀', regex_pattern: '$|.', replace: '-' }, '---'],
  [regexReplace, { string: 'a\r\u2028b\n', regex_pattern: '.$', replace: '-' }, 'a\r\u2028-\n'],
  [regexReplace, { string: 'a\x1c\u3000b', regex_pattern: '\\s', replace: '_' }, 'a__b'],
  [regexReplace, { string: 'aab{2', regex_pattern: '[]a]{,1}b{', replace: '.' }, 'a.2'],
  [regexReplace, { string: 'Ab c', regex_pattern: '(?x) b \\s # c', replace: '.' }, 'A.c'],
  [regexReplace, { string: 'aB', regex_pattern: '(?-i:B)', replace: '.' }, 'a.'],
  [regexReplace, { string: 'ab', regex_pattern: 'b', replace: '\\-\\101\\\\' }, 'a\\-A\\'],
  [regexMatch, { string: 'a1', regex_pattern: '\\q' }, false],
  [regexExtract, { string: 'ab', regex_pattern: '.', mode: 'All Groups', group_index: 0 }, ''],
  [stringTrim, { string: '\x1c\u3000a\ufeff\x85', mode: 'Both' }, 'a\ufeff'],
  [stringTrim, { string: '\x85a\x1f', mode: 'Right' }, '\x85a'],
  [caseConverter, { string: '中abc ﬁn ß ΟΔΟΣ', mode: 'Title Case' }, '中Abc Fin Ss Οδος'],
  [caseConverter, { string: 'ǆΑΣ x', mode: 'Capitalize' }, 'ǅας x'],
  [comfyNumberConvert, { value: ' 1_000.5 ' }, 1000.5],
  [stringFormat, { f_string: '{a:.0f} {a:.1e} {a!s:>4}', 'values.a': 2.5 }, '2 2.5e+00  2.5'],
  [stringFormat, { f_string: '{a:#x} {a:#06b}', 'values.a': 5 }, '0x5 0b0101'],
  [stringFormat, { f_string: '{a:>5}{a:,}', 'values.a': new LosslessNumber('1.0') }, '  1.01.0'],
  [stringFormat, { f_string: '{a:.1f}', 'values.a': 0.25 }, '0.2'],
  [stringFormat, { f_string: '{a:G}', 'values.a': 1e20 }, '1E+20'],
  [primitiveInt, { value: 9223372036854775807n }, 9223372036854775807n],
]

describe('text nodes', () => {
  test.for(table.map(([node, inputs, expected]) => ({ type: node.type, node, inputs, expected })))(
    '$type $inputs',
    async ({ node, inputs, expected }) => expect(await run(node, inputs)).toBe(expected),
  )

  test.for([
    ['(', 'x', /“\(” is no pattern that can be used: /],
    ['a', '\\q', /the replacement's \\q means nothing/],
    ['(a)', '\\2', /the pattern has no group 2/],
    ['(a)', '\\g<b>', /the pattern has no group b/],
  ] as const)('replacing %s by %s is refused', async ([regex_pattern, replace, words]) => {
    await expect(run(regexReplace, { string: 'a', regex_pattern, replace })).rejects.toThrow(words)
  })

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
  [new LosslessNumber('2.0'), '2.0'],
  [1e-7, '1e-07'],
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
