// Numbers of widgets: doubles, or integers beyond 2^53 as bigint. Written as they are read.
import type { Widget } from '../../../../engine/graph/catalogue.ts'
import { isNumber, type Json, toNumber } from '../../../../engine/graph/json.ts'

export type NumberWidget = Extract<Widget, { kind: 'int' | 'float' }>

/** A bigint where a double would round. */
const whole64 = (value: bigint): number | bigint =>
  value >= -9007199254740991n && value <= 9007199254740991n ? Number(value) : value

const decimalsOf = (step: number): number => {
  const text = String(step)
  const exponent = /e-(\d+)$/.exec(text)
  return exponent ? Number(exponent[1]) : (text.split('.')[1]?.length ?? 0)
}

export function clamp(widget: NumberWidget, value: number | bigint): number | bigint {
  if (widget.kind === 'int') {
    const whole = typeof value === 'bigint' ? value : BigInt(Math.round(value))
    const min = BigInt(Math.ceil(widget.min))
    const max = typeof widget.max === 'bigint' ? widget.max : BigInt(Math.floor(widget.max))
    return whole64(whole < min ? min : whole > max ? max : whole)
  }
  return Math.min(Math.max(Number(value), widget.min), widget.max)
}

/** The number a person typed; a comma counts as a point. Undefined when it is none. */
export function readTyped(widget: NumberWidget, text: string): number | bigint | undefined {
  const clean = text
    .trim()
    .replace(/[\s_']/g, '')
    .replace(',', '.')
  if (/^[+-]?\d+$/.test(clean)) return clamp(widget, whole64(BigInt(clean)))
  const value = Number(clean)
  return clean !== '' && Number.isFinite(value) ? clamp(widget, value) : undefined
}

/** `steps` steps further, without the dust of binary fractions. */
export function stepBy(widget: NumberWidget, from: Json, steps: number): number | bigint {
  const start = isNumber(from) ? from : widget.default
  if (widget.kind === 'int') {
    const whole = typeof start === 'bigint' ? start : BigInt(Math.round(toNumber(start)))
    return clamp(widget, whole + BigInt(Math.round(steps * (widget.step || 1))))
  }
  const step = widget.step || 0.01
  const decimals = Math.max(decimalsOf(step), decimalsOf(widget.round ?? step))
  return clamp(widget, Number((toNumber(start) + steps * step).toFixed(decimals)))
}

export function showNumber(widget: NumberWidget, value: Json | undefined): string {
  if (!isNumber(value)) return value === null || value === undefined ? '' : String(value)
  if (widget.kind === 'int' || typeof value === 'bigint') return String(value)
  const number = toNumber(value)
  const decimals = Math.max(1, Math.min(decimalsOf(widget.step || 0.01), 6))
  const short = number.toFixed(decimals)
  return Number(short) === number ? short : String(number)
}

/** Where the value lies between its bounds, 0 … 1; undefined when the range is too wide to mean it. */
export function shareOf(widget: NumberWidget, value: Json | undefined): number | undefined {
  if (!isNumber(value)) return undefined
  const range = Number(widget.max) - widget.min
  const steps = range / (widget.step || 1)
  if (!(range > 0) || steps > 400 || range > 128) return undefined
  return Math.min(Math.max((toNumber(value) - widget.min) / range, 0), 1)
}

/** 0 … 2^50, the range that ComfyUI draws seeds from. */
export const randomSeed = (): number => Math.floor(Math.random() * 2 ** 50)
