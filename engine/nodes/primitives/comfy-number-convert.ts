import { isNumber, toNumber } from '../../graph/json.ts'
import { defineNode, socket } from '../define.ts'

export const comfyNumberConvert = defineNode({
  type: 'ComfyNumberConvert',
  title: 'Convert Number',
  category: 'utils/primitive',
  about: 'A number out of a number, a text or a yes/no: with decimals, and cut off to a whole one.',
  aliases: ['int', 'float', 'cast', 'parse', 'boolean'],
  inputs: { value: socket('INT,FLOAT,STRING,BOOLEAN') },
  outputs: { FLOAT: 'FLOAT', INT: 'INT' },
  run({ value }) {
    const number = numberOf(value)
    // A seed stays exact.
    return { FLOAT: number, INT: typeof value === 'bigint' ? value : Math.trunc(number) }
  },
})

/** As Python writes numbers: `1_000`, but not `0x10`. */
const decimal = /^[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+)?$/i

function numberOf(value: unknown): number {
  if (isNumber(value)) return toNumber(value)
  const text = String(value).trim()
  const number =
    typeof value === 'boolean'
      ? Number(value)
      : decimal.test(text)
        ? Number(text.replaceAll('_', ''))
        : Number.NaN
  if (!Number.isFinite(number)) throw new Error(`“${text.slice(0, 100)}” is not a number.`)
  return number
}
