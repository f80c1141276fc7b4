import { isNumber } from '../../graph/json.ts'
import { defineNode, optional, socket, text } from '../define.ts'
import { evaluateExpression } from '../math-expression.ts'

const value = () => socket('*', 'A number, or true (1) and false (0).')

export const comfyMathExpression = defineNode({
  type: 'ComfyMathExpression',
  title: 'Math Expression',
  category: 'logic',
  about: 'Works out a formula of the values a, b, c … in Python’s notation.',
  aliases: ['calculate', 'formula', 'arithmetic', 'number'],
  inputs: {
    expression: text({
      default: 'a + b',
      multiline: true,
      about: 'For example: max(64, floor(a / 16) * 16), or a if a > b else b.',
    }),
    'values.a': value(),
    'values.b': optional(value()),
    'values.c': optional(value()),
    'values.d': optional(value()),
    'values.e': optional(value()),
    'values.f': optional(value()),
  },
  outputs: { FLOAT: 'FLOAT', INT: 'INT', BOOL: 'BOOLEAN' },
  run({ expression, ...inputs }) {
    const values = Object.entries(inputs).flatMap(([name, input]) =>
      input === undefined ? [] : [[name.replace('values.', ''), numberOf(name, input)]],
    )
    const result = evaluateExpression(expression, Object.fromEntries(values))
    return { FLOAT: result, INT: Math.trunc(result), BOOL: result !== 0 }
  },
})

function numberOf(name: string, input: unknown): number {
  if (typeof input === 'boolean' || isNumber(input)) return Number(input)
  throw new Error(`${name} is not a number. Connect an INT, a FLOAT or a BOOLEAN.`)
}
