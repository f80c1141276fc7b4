import { defineNode, type Field } from '../define.ts'

/** As far as a signed 64-bit integer goes; large values arrive as bigints. */
const value: Field<number | bigint> = {
  type: 'INT',
  widget: {
    kind: 'int',
    default: 0,
    min: -(2 ** 63),
    max: 2n ** 63n - 1n,
    step: 1,
    seed: true,
  },
}

export const primitiveInt = defineNode({
  type: 'PrimitiveInt',
  title: 'Int',
  category: 'utils/primitive',
  about: 'A whole number to feed to several nodes.',
  aliases: ['integer', 'number', 'seed'],
  inputs: { value },
  outputs: { INT: 'INT' },
  run: inputs => ({ INT: inputs.value }),
})
