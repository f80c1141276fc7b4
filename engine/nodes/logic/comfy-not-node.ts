import { isNumber, toNumber } from '../../graph/json.ts'
import { defineNode, socket } from '../define.ts'

export const comfyNotNode = defineNode({
  type: 'ComfyNotNode',
  title: 'Not',
  category: 'logic',
  about: 'True for what Python calls false: 0, an empty text, an empty list, nothing.',
  aliases: ['invert', 'negate', 'boolean'],
  inputs: { value: socket('*') },
  outputs: { BOOLEAN: 'BOOLEAN' },
  run: ({ value }) => ({ BOOLEAN: !isTruthy(value) }),
})

function isTruthy(value: unknown): boolean {
  if (isNumber(value)) return toNumber(value) !== 0
  if (Array.isArray(value)) return value.length > 0
  return Boolean(value)
}
