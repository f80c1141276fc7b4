import { isNumber } from '../../graph/json.ts'
import { defineNode, growing, grown, socket, text } from '../define.ts'
import { evaluateExpression } from '../math-expression.ts'

/** `a` … `z` */
const letters = Array.from({ length: 26 }, (_, i) => String.fromCharCode(97 + i))

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
    ...growing('values', letters, socket('*', 'A number, or true (1) and false (0).')),
  },
  outputs: { FLOAT: 'FLOAT', INT: 'INT', BOOL: 'BOOLEAN' },
  run({ expression, ...inputs }) {
    const values = grown('values', inputs).map(([name, value]) => [name, numberOf(name, value)])
    const result = evaluateExpression(expression as string, Object.fromEntries(values))
    return { FLOAT: result, INT: Math.trunc(result), BOOL: result !== 0 }
  },
})

function numberOf(name: string, input: unknown): number {
  if (typeof input === 'boolean' || isNumber(input)) return Number(input)
  throw new Error(`values.${name} is not a number. Connect an INT, a FLOAT or a BOOLEAN.`)
}
