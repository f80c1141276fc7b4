// Literals become what the input declares, as Python's int(), float(), str() and bool() have it.
import { isNumber, type Json, plainNumber, toNumber } from './json.ts'
import { pythonRepr, pythonStr, pythonType } from './python-text.ts'

/** A literal that cannot become the declared type. The message is Python's. */
export class CoercionError extends Error {
  override name = 'CoercionError'
}

export function coerce(value: Json, type: string): Json {
  switch (type) {
    case 'INT':
      return toInt(value)
    case 'FLOAT':
      return toFloat(value)
    case 'STRING':
      return pythonStr(value)
    case 'BOOLEAN':
      return toBoolean(value)
    default:
      return value
  }
}

function toInt(value: Json): number | bigint {
  if (isNumber(value)) {
    const number = plainNumber(value)
    return typeof number === 'bigint' ? number : Math.trunc(number)
  }
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    const digits = value.trim().replace(/(?<=\d)_(?=\d)/g, '')
    if (!/^[+-]?\d+$/.test(digits)) {
      throw new CoercionError(`invalid literal for int() with base 10: ${pythonRepr(value)}`)
    }
    const whole = BigInt(digits.replace('+', ''))
    return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
  }
  throw new CoercionError(
    `int() argument must be a string, a bytes-like object or a real number, not '${pythonType(value)}'`,
  )
}

function toFloat(value: Json): number {
  if (isNumber(value)) return toNumber(value)
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') {
    const digits = value.trim().replace(/(?<=\d)_(?=\d)/g, '')
    if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(digits)) return Number(digits)
    throw new CoercionError(`could not convert string to float: ${pythonRepr(value)}`)
  }
  throw new CoercionError(
    `float() argument must be a string or a real number, not '${pythonType(value)}'`,
  )
}

function toBoolean(value: Json): boolean {
  if (isNumber(value)) return toNumber(value) !== 0
  if (Array.isArray(value)) return value.length > 0
  if (value !== null && typeof value === 'object') return Object.keys(value).length > 0
  return Boolean(value)
}
