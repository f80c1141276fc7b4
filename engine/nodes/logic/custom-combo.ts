import { defineNode, type Field, int, numbered, optional, text } from '../define.ts'

const options = numbered('option', 21).slice(1)

export const customCombo = defineNode({
  type: 'CustomCombo',
  title: 'Custom Combo',
  category: 'utils',
  about: 'A choice among texts of one’s own, as a text and as its place in the list.',
  aliases: ['dropdown', 'list', 'select', 'menu'],
  inputs: {
    choice: { ...text({ about: 'One of the options below.' }), type: 'COMBO' } as Field<string>,
    index: int({ default: 0, min: 0, max: options.length, advanced: true }),
    ...Object.fromEntries(options.map(name => [name, optional(text())])),
  },
  outputs: { STRING: 'STRING', INDEX: 'INT' },
  run({ choice, index, ...rest }) {
    const listed: Record<string, unknown> = rest
    const at = options.findIndex(name => listed[name] !== '' && listed[name] === choice)
    return { STRING: String(choice), INDEX: at === -1 ? (index as number) : at }
  },
})
