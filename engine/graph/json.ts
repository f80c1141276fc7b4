// JSON that keeps its numbers. Seeds reach 2^64-1 and `5` is not `5.0` to a union-typed input, so
// workflow files are read and written through these two functions, never through a bare `JSON.parse`:
// `readJson` uses it only where every number in the text survives a double.
import { isLosslessNumber, LosslessNumber, parse, stringify } from 'lossless-json'

export { LosslessNumber }

export type JsonNumber = number | bigint | LosslessNumber
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** A literal that a double prints back as it was stays a number; a long integer becomes a bigint. */
function readNumber(text: string): JsonNumber {
  const value = Number(text)
  if (String(value) === text) return value
  return /^-?[1-9]\d*$/.test(text) ? BigInt(text) : new LosslessNumber(text)
}

/**
 * Whether some number in the text would lose its spelling in a double: 16 digits in a row, a
 * trailing zero behind the point, an exponent, minus zero, a tiny fraction. May say yes for strings.
 */
const unsafeNumberPattern = /\d{16}|\.\d*0(?!\d)|\d[eE][+-]?\d|-0(?![.\d])|\.0{6}/

/** Reads JSON text. Python's NaN and Infinity become null. @throws SyntaxError saying where. */
export function readJson(text: string): Json {
  if (!unsafeNumberPattern.test(text)) {
    try {
      return JSON.parse(text) as Json
    } catch {
      // Read again below: NaN, or an error that should say where.
    }
  }
  return parse(withoutNaN(text), undefined, { parseNumber: readNumber }) as Json
}

/** Strings are matched too, so that what they say is left alone. */
const notNumberPattern = /"[^"\\]*(?:\\.[^"\\]*)*"|NaN|-?Infinity/gs

const withoutNaN = (text: string): string =>
  /NaN|Infinity/.test(text)
    ? text.replace(notNumberPattern, found => (found.startsWith('"') ? found : 'null'))
    : text

/** Writes a number as the text says. https://github.com/tc39/proposal-json-parse-with-source */
const { rawJSON } = JSON as { rawJSON?: (text: string) => unknown }

export function writeJson(value: unknown, indent?: number): string {
  if (!rawJSON) return stringify(value, undefined, indent) ?? 'null'
  const exact = (_key: string, item: unknown): unknown => {
    if (typeof item === 'bigint') return rawJSON(String(item))
    return isLosslessNumber(item) ? rawJSON(item.value) : item
  }
  return JSON.stringify(value, exact, indent) ?? 'null'
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)

export const isNumber = (value: unknown): value is JsonNumber =>
  typeof value === 'number' || typeof value === 'bigint' || isLosslessNumber(value)

/** The nearest double. */
export const toNumber = (value: JsonNumber): number => Number(String(value))

/** Whether two values are the same JSON: numbers by their literal, objects whatever the key order. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (isNumber(a) || isNumber(b)) return isNumber(a) && isNumber(b) && String(a) === String(b)
  if (Array.isArray(a) || Array.isArray(b)) {
    if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
    return a.every((item, index) => sameJson(item, b[index]))
  }
  if (!isObject(a) || !isObject(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(key => Object.hasOwn(b, key) && sameJson(a[key], b[key]))
}

/** A whole number past 2^53 stays exact, everything else becomes a double. */
export function plainNumber(value: JsonNumber): number | bigint {
  if (typeof value === 'number') return value
  const text = String(value)
  if (!/^-?\d+$/.test(text)) return Number(text)
  const whole = BigInt(text)
  return Number.isSafeInteger(Number(whole)) ? Number(whole) : whole
}

/** The same value with every number plain: for data that only has to be right, not spelled alike. */
export function plainJson(value: Json): Json {
  if (isNumber(value)) return plainNumber(value)
  if (Array.isArray(value)) return value.map(plainJson)
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainJson(item)]))
}
