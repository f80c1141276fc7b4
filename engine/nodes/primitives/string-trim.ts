import { choice, defineNode, text } from '../define.ts'
import { pythonSpaces } from '../python-pattern.ts'

const atStart = new RegExp(`^[${pythonSpaces}]+`)
const atEnd = new RegExp(`(?<![${pythonSpaces}])[${pythonSpaces}]+$`)

const left = (text: string) => text.replace(atStart, '')
const right = (text: string) => text.replace(atEnd, '')
const trims = { Both: (text: string) => right(left(text)), Left: left, Right: right }

export const stringTrim = defineNode({
  type: 'StringTrim',
  title: 'Trim',
  category: 'utils/string',
  about: 'Takes spaces and line breaks off the ends of a text.',
  aliases: ['strip', 'whitespace'],
  inputs: { string: text({ multiline: true }), mode: choice(['Both', 'Left', 'Right']) },
  outputs: { STRING: 'STRING' },
  run: ({ string, mode }) => ({ STRING: trims[mode](string) }),
})
