// JSON that keeps its numbers. Seeds reach 2^64-1 and `5` is not `5.0` to a union-typed input, so
// workflow files are read and written through these two functions and never through `JSON.parse`.
import { isLosslessNumber, LosslessNumber, parse, stringify } from 'lossless-json'

export type JsonNumber = number | bigint | LosslessNumber
export type Json = null | boolean | string | JsonNumber | Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json
}

/** A literal that a double prints back as it was stays a number; a long integer becomes a bigint. */
function readNumber(text: string): JsonNumber {
  const value = Number(text)
  if (String(value) === text) return value
  return /^-?\d+$/.test(text) ? BigInt(text) : new LosslessNumber(text)
}

/** Reads JSON text. Python's NaN and Infinity become null. @throws SyntaxError saying where. */
export function readJson(text: string): Json {
  return parse(text.replace(/(?<=[[:,]\s*)(?:NaN|-?Infinity)(?=\s*[,\]}])/g, 'null'), undefined, {
    parseNumber: readNumber,
  }) as Json
}

export function writeJson(value: unknown, indent?: number): string {
  return stringify(value, undefined, indent) ?? 'null'
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !isLosslessNumber(value)

export const isNumber = (value: unknown): value is JsonNumber =>
  typeof value === 'number' || typeof value === 'bigint' || isLosslessNumber(value)

/** The nearest double. */
export const toNumber = (value: JsonNumber): number => Number(String(value))
