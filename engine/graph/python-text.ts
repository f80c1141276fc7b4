// How Python prints values. ComfyUI's error texts hold them, and clients read those texts.
import { isNumber, isObject, type Json, LosslessNumber } from './json.ts'

/** `str(value)` */
export const pythonStr = (value: Json): string =>
  typeof value === 'string' ? value : pythonRepr(value)

/** `repr(value)`. A plain number that is whole prints as an int. */
export function pythonRepr(value: Json): string {
  if (value === null) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'string') return quoted(value)
  if (value instanceof LosslessNumber) {
    return /[.eE]/.test(value.value) ? pythonFloat(Number(value.value)) : value.value
  }
  if (isNumber(value)) {
    return typeof value === 'bigint' || Number.isInteger(value)
      ? String(value)
      : pythonFloat(value as number)
  }
  if (Array.isArray(value)) return `[${value.map(pythonRepr).join(', ')}]`
  if (!isObject(value)) return String(value)
  const entries = Object.entries(value).map(([key, item]) => `${quoted(key)}: ${pythonRepr(item)}`)
  return `{${entries.join(', ')}}`
}

/** A float always shows its point or exponent: `8.0`, `1e-05`, `1e+16`. */
export function pythonFloat(value: number): string {
  const size = Math.abs(value)
  if (value !== 0 && (size < 1e-4 || size >= 1e16)) {
    const [digits, exponent = ''] = value.toExponential().split('e')
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  if (Object.is(value, -0)) return '-0.0'
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** Single quotes, unless only they occur inside. */
function quoted(text: string): string {
  const escaped = text
    .replace(/\\/g, '\\\\')
    .replace(/\n/g, '\\n')
    .replace(/\r/g, '\\r')
    .replace(/\t/g, '\\t')
  if (text.includes("'") && !text.includes('"')) return `"${escaped}"`
  return `'${escaped.replace(/'/g, "\\'")}'`
}

/** The name of a value's type, as in Python's messages. */
export function pythonType(value: Json): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'string') return 'str'
  if (Array.isArray(value)) return 'list'
  if (isObject(value)) return 'dict'
  return /[.eE]/.test(String(value)) ? 'float' : 'int'
}
